import { type ExportMemoryOptions, exportMemory, type KeptFile } from '../../markdown/export-memory.ts'
import type { Cli } from '../cli.ts'
import { withProgress } from '../run-operation.ts'

interface Input extends ExportMemoryOptions {
  folder: string
}

const reasons: Readonly<Record<KeptFile['why'], string>> = {
  edited: 'edited since it was written',
  newer: 'newer than what is here',
  unknown: 'of a record that was never here',
  unreadable: 'not a record that can be read',
}

/** Writes memory as Markdown, and says what became of the files. */
export async function run(cli: Cli, { folder, ...options }: Input): Promise<undefined> {
  const { print } = cli
  const result = await withProgress(cli, async long =>
    exportMemory(await cli.memory(), folder, { ...options, ...long, signal: long.signal }),
  )
  if (print.json) return void print.document(result)
  print.items(result.kept.map(({ file, why }) => ({ file, kept: reasons[why] })))
  const { records, written, unchanged, removed, kept } = result
  print.note(
    `${records} ${records === 1 ? 'record' : 'records'} in ${folder}: ${written} written, ${unchanged} unchanged, ${removed} removed`,
  )
  if (kept.length > 0)
    print.note(
      `${kept.length} kept as they are: \`hivewax import ${folder}\` takes in what people have changed there`,
    )
}
