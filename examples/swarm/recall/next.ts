import path from 'node:path'
import type { Memory } from '../../../src/index.ts'
import { style } from '../display.ts'
import { quote } from '../main/command-line.ts'
import { filesNamespace, graphNamespace, type ReportLine, remembered, reportsNamespace } from '../swarm.ts'

/**
 * Commands that work as they are printed, on what there is in this memory.
 * @param command how the user calls the command line
 * @param flags that lead it to this memory, if any
 */
export async function tryNext(memory: Memory, command = 'npx hivewax', flags = ''): Promise<string[]> {
  const { file, namespace } = await anyFile(memory)
  const folder = path.posix.dirname(file)
  const word = path.posix.basename(file).split('.')[0] || file
  return [
    ['search', quote(folder === '.' ? '*' : `${literal(folder)}/*`), '--namespace files --limit 5'],
    ['retrieve', quote(file), `--namespace ${namespace}`],
    ['find', quote(word), '--limit 3'],
    ['tasks list --status completed --limit 5'],
    ['events tail'],
    ['query', '"select source, count(*) from events group by source"'],
  ].map(words => [style.dim('$'), command, ...words, flags].join(' ').trimEnd())
}

/** The most imported file with its place in the graph, or else the longest one. */
async function anyFile(memory: Memory): Promise<{ file: string; namespace: string }> {
  const reports = await memory.kv.retrieveMany(['imports', 'files'], { namespace: reportsNamespace })
  const top = (name: string) => remembered<ReportLine[] | undefined>(reports.get(name))?.[0]?.name
  const imported = top('imports')
  if (imported !== undefined) return { file: imported, namespace: graphNamespace }
  return { file: top('files') ?? 'README.md', namespace: filesNamespace }
}

/** A glob that means just this text. */
function literal(text: string): string {
  return text.replace(/[[*?]/g, '[$&]')
}
