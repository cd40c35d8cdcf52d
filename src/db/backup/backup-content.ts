import { assertCopied, copyAll } from '../copy/copy-rows.ts'
import { type Endpoint, sharedColumns } from '../copy/endpoint.ts'
import type { RowChecksum } from '../copy/row-checksum.ts'
import { SqliteEndpoint } from '../copy/sqlite-endpoint.ts'
import { type AbortableOptions, type ProgressOptions, portion } from '../engine.ts'
import { Connection } from '../sqlite/connection.ts'
import { createSchema } from '../sqlite/schema.ts'

/** Writes what `source` sees into the empty file `target`, as a store in SQLite, and checks what it wrote. */
export async function writeBackup(
  source: Endpoint,
  target: string,
  options: AbortableOptions,
): Promise<void> {
  const connection = new Connection(target, { readOnly: false })
  try {
    await createSchema(connection, 0)
    // A caller that needs the file to last flushes it; and a file that is not in WAL mode is a backup.
    connection.exec('pragma journal_mode=delete; pragma synchronous=off')
    await fill(source, new SqliteEndpoint(connection), options)
  } finally {
    connection.close()
  }
}

async function fill(
  source: Endpoint,
  target: Endpoint,
  { signal, onProgress }: AbortableOptions,
): Promise<void> {
  let checksums = new Map<string, RowChecksum>()
  await target.atomically(async () => {
    checksums = await copyAll(source, target, { signal, onProgress: portion(onProgress, 0, 0.7) })
    await target.setNumbers(await source.numbers())
  })
  const columnsOf = ({ name }: { name: string }) => sharedColumns(source, target, name)
  const checking = { signal, onProgress: portion(onProgress, 0.7, 1) }
  await assertCopied(target, { columnsOf, checksums }, checking)
}

/** Fills `target`, which is empty, with what the file of a store holds. Returns the rows of each table. */
export async function readBackup(
  file: string,
  target: Endpoint,
  { onProgress, ...raised }: ProgressOptions & { highest: number; sharedRevision: number },
): Promise<Record<string, number>> {
  const connection = new Connection(file, { readOnly: true })
  try {
    const source = new SqliteEndpoint(connection)
    const checksums = await copyAll(source, target, { onProgress })
    const { counters, lastIds } = await source.numbers()
    const revision = raised.sharedRevision + 1
    const settled = [
      ['floor', raised.highest],
      ['shared_revision', revision],
      ['shared_floor', revision],
    ] as const
    await target.setNumbers({ counters: new Map([...counters, ...settled]), lastIds })
    return Object.fromEntries([...checksums].map(([name, { rows }]) => [name, rows]))
  } finally {
    connection.close()
  }
}
