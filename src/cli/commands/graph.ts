import type { GraphOptions, TaskGraph } from '../../tasks/task-graph.ts'
import type { Cli } from '../cli.ts'
import { isTerminal } from '../print/standard-streams.ts'
import { asciiGraph } from '../tasks/ascii.ts'
import { dotGraph } from '../tasks/dot.ts'
import { mermaidGraph } from '../tasks/mermaid.ts'

interface GraphInput extends GraphOptions {
  format?: 'ascii' | 'mermaid' | 'dot'
}

/** Draws the graph. With `--json` it is what the operation gives, whatever the format. */
export async function run(cli: Cli, { format = 'ascii', ...options }: GraphInput): Promise<undefined> {
  const { print } = cli
  const graph = await (await cli.memory()).tasks.graph(options)
  if (print.json) print.document(graph)
  else printGraph(cli, graph, format)
}

type Format = NonNullable<GraphInput['format']>

function printGraph(cli: Cli, graph: TaskGraph, format: Format): void {
  const lines = draw(cli, graph, format)
  if (lines.length > 0) cli.print.styled(lines.join('\n'))
  if (format === 'ascii') cli.print.note(summary(graph))
}

function draw({ print }: Cli, graph: TaskGraph, format: Format): string[] {
  if (format === 'mermaid') return mermaidGraph(graph)
  if (format === 'dot') return dotGraph(graph)
  return asciiGraph(graph, { colours: print.out, width: isTerminal(1) ? print.width : undefined })
}

function summary({ nodes, truncated }: TaskGraph): string {
  if (nodes.length === 0) return 'no tasks'
  const count = `${nodes.length} task${nodes.length === 1 ? '' : 's'}`
  return truncated ? `${count}, and there are more: --limit, or the id of a task to begin with` : count
}
