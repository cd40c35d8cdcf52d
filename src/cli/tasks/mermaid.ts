import type { TaskStatus } from '../../tasks/task.ts'
import type { TaskGraph } from '../../tasks/task-graph.ts'
import { visible } from '../../util/visible.ts'
import { truncate } from '../print/display-text.ts'
import { lookOf } from './status.ts'

/** Longer descriptions make boxes that hide the graph. */
const maxDescription = 60

/** The graph as a Mermaid flowchart: a box per task, in the colour of its status. */
export function mermaidGraph({ nodes, edges, truncated }: TaskGraph): string[] {
  const names = new Map(nodes.map(({ id }, i) => [id, `n${i}`]))
  const name = (id: string) => names.get(id) ?? id
  const byStatus = Map.groupBy(nodes, node => node.status)
  return [
    'graph TD',
    ...(truncated ? ['  %% only the first tasks: there are more'] : []),
    ...nodes.map(node => `  ${name(node.id)}["${labelOf(node)}"]`),
    ...edges.map(({ from, to, onFailure }) => `  ${name(from)} ${arrow(onFailure)} ${name(to)}`),
    ...[...byStatus].flatMap(([status, some]) => [
      `  classDef ${className(status)} fill:${lookOf(status).fill},stroke:#555555,color:#111111`,
      `  class ${some.map(({ id }) => name(id)).join(',')} ${className(status)}`,
    ]),
  ]
}

function arrow(onFailure: TaskGraph['edges'][number]['onFailure']): string {
  return onFailure === 'fail' ? '-->' : `-. ${onFailure} .->`
}

/** A status that plain SQL has made up is not a word of Mermaid. */
function className(status: TaskStatus): string {
  return `task${status.replace(/[^a-z]/gi, '')}`
}

function labelOf({ id, description, status }: TaskGraph['nodes'][number]): string {
  const lines = [id, truncate(description, maxDescription), status].flatMap(text => text.split(/\r?\n/))
  return lines.map(escapeLine).join('<br/>')
}

/**
 * A line of a label. All signs that Mermaid, its Markdown or HTML could read as their own become numbers, and so does
 * what follows a number at the beginning, which would be a list.
 */
function escapeLine(text: string): string {
  return visible(text)
    .replace(/[!-'*+;-@[-^`{-~]/g, toEntity)
    .replace(/^\s*[^\p{L}\p{N}#\s]/u, sign => sign.replace(/[!-~]/, toEntity))
    .replace(/^(\s*\d+)([.)])/, (_, number, sign) => number + toEntity(sign))
}

function toEntity(sign: string): string {
  return `#${sign.charCodeAt(0)};`
}
