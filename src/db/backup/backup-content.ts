import { assertCopied, copyAll } from '../copy/copy.ts'
import { type Side, sharedColumns } from '../copy/side.ts'
import { SqliteSide } from '../copy/sqlite-side.ts'
import type { Tally } from '../copy/tally.ts'
import { type AbortableOptions, type LongOptions, portion } from '../engine.ts'
import { Connection } from '../sqlite/connection.ts'
import { createSchema } from '../sqlite/schema.ts'

/** Writes what `source` sees into the empty file `target`, as a store in SQLite, and checks what it wrote. */
export async function writeBackup(source: Side, target: string, options: AbortableOptions): Promise<void> {
  const connection = new Connection(target, { readOnly: false })
  try {
    await createSchema(connection, 0)
    // Whoever needs the file to last flushes it; and what is no log marks it as a backup.
    connection.exec('pragma journal_mode=delete; pragma synchronous=off')
    await fill(source, new SqliteSide(connection), options)
  } finally {
    connection.close()
  }
}

async function fill(source: Side, target: Side, { signal, onProgress }: AbortableOptions): Promise<void> {
  let tallies = new Map<string, Tally>()
  await target.atomically(async () => {
    tallies = await copyAll(source, target, { signal, onProgress: portion(onProgress, 0, 0.7) })
    await target.setNumbers(await source.numbers())
  })
  const columnsOf = ({ name }: { name: string }) => sharedColumns(source, target, name)
  await assertCopied(target, columnsOf, tallies, { signal, onProgress: portion(onProgress, 0.7, 1) })
}

/** Fills `target`, which is empty, with what the file of a store holds. Returns the rows of each table. */
export async function readBackup(
  file: string,
  target: Side,
  { onProgress, ...raised }: LongOptions & { highest: number; sharedRevision: number },
): Promise<Record<string, number>> {
  const connection = new Connection(file, { readOnly: true })
  try {
    const source = new SqliteSide(connection)
    const tallies = await copyAll(source, target, { onProgress })
    const { counters, lastIds } = await source.numbers()
    const revision = raised.sharedRevision + 1
    const settled = [
      ['floor', raised.highest],
      ['shared_revision', revision],
      ['shared_floor', revision],
    ] as const
    await target.setNumbers({ counters: new Map([...counters, ...settled]), lastIds })
    return Object.fromEntries([...tallies].map(([name, { rows }]) => [name, rows]))
  } finally {
    connection.close()
  }
}
