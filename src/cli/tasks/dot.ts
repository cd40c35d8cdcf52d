import type { TaskGraph } from '../../tasks/task-graph.ts'
import { visible } from '../../util/visible.ts'
import { truncate } from '../print/display-text.ts'
import { lookOf } from './status.ts'

/** Longer descriptions make boxes that hide the graph. */
const maxDescription = 60

/** The graph in the language of Graphviz: a box per task, in the colour of its status. */
export function dotGraph({ nodes, edges, truncated }: TaskGraph): string[] {
  const names = new Map(nodes.map(({ id }, i) => [id, `n${i}`]))
  const name = (id: string) => names.get(id) ?? quote(id)
  return [
    'digraph tasks {',
    ...(truncated ? ['  // only the first tasks: there are more'] : []),
    '  node [shape=box, style="rounded,filled", fontname="sans-serif"]',
    ...nodes.map(
      node => `  ${name(node.id)} [label=${labelOf(node)}, fillcolor="${lookOf(node.status).fill}"]`,
    ),
    ...edges.map(({ from, to, onFailure }) => `  ${name(from)} -> ${name(to)}${attributes(onFailure)}`),
    '}',
  ]
}

function attributes(onFailure: TaskGraph['edges'][number]['onFailure']): string {
  return onFailure === 'fail' ? '' : ` [style=dashed, label="${onFailure}"]`
}

function labelOf({ id, description, status }: TaskGraph['nodes'][number]): string {
  return quote([id, truncate(description, maxDescription), status].join('\n'))
}

/** A text as a label, in which `\` begins escapes and `&` begins entities. */
function quote(text: string): string {
  const escaped = visible(text.replace(/\r\n?/g, '\n'))
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')
    .replaceAll('&', '&amp;')
    .replaceAll('\n', '\\n')
  return `"${escaped}"`
}
