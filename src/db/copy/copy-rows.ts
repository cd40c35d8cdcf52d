import { Corrupt } from '../../errors.ts'
import type { AbortableOptions } from '../engine.ts'
import { type CopiedTable, copiedTables } from './copied-tables.ts'
import { type Cell, type Column, type Endpoint, type Rows, sharedColumns } from './endpoint.ts'
import { RowChecksum } from './row-checksum.ts'

/** Enough rows that a batch costs little; they may carry values of up to 64 MiB, so their text counts as well. */
const batch = { firstRows: 8, maxRows: 2000, length: 1024 * 1024 }

/**
 * The rows after the key `after`, in the order of the key. The next batch is read while the last one is used, and
 * how many rows it has goes by how long the last ones were.
 */
export async function* batches(
  endpoint: Endpoint,
  rows: Rows,
  after?: readonly Cell[],
): AsyncGenerator<Cell[][], void, undefined> {
  let limit = batch.firstRows
  let reading = endpoint.read(rows, after, limit)
  try {
    for (;;) {
      const found = await reading
      const last = found.at(-1)
      if (last === undefined) return
      limit = nextLimit(limit, found)
      reading = endpoint.read(rows, keyOf(last, rows), limit)
      yield found
    }
  } finally {
    // A caller that stops early has no use for this read, not even for its failure.
    await reading.catch(() => {})
  }
}

/** The values of the key's columns in a row. */
export function keyOf(row: readonly Cell[], { table, columns }: Rows): Cell[] {
  return table.key.map(name => row[columns.findIndex(column => column.name === name)] ?? null)
}

/** Says how far it is after so many more rows, of `total` in all. Throws when the signal says so. */
export function progressReporter(
  total: number,
  { onProgress, signal }: AbortableOptions,
): (step: string, rows: number) => void {
  let done = 0
  return (step, rows) => {
    signal?.throwIfAborted()
    done += rows
    onProgress?.({ step, fraction: Math.min(1, done / Math.max(1, total)) })
  }
}

/** How many rows of all tables there are to copy. */
export async function countAll(endpoint: Endpoint): Promise<number> {
  let total = 0
  for (const { name } of copiedTables) total += await endpoint.count(name)
  return total
}

/** Copies every row into an empty target, in transactions of the caller's. */
export async function copyAll(
  source: Endpoint,
  target: Endpoint,
  options: AbortableOptions,
): Promise<Map<string, RowChecksum>> {
  const checksums = new Map<string, RowChecksum>()
  const report = progressReporter(await countAll(source), options)
  for (const table of copiedTables) {
    const rows = { table, columns: await sharedColumns(source, target, table.name) }
    const checksum = new RowChecksum()
    for await (const found of batches(source, rows)) {
      await target.insert(rows, found)
      for (const row of found) checksum.add(row)
      report(table.name, found.length)
    }
    checksums.set(table.name, checksum)
  }
  return checksums
}

/** What was copied: which columns of each table, and the checksums of the rows on their way. */
interface Copied {
  columnsOf: (table: CopiedTable) => Promise<Column[]>
  checksums: ReadonlyMap<string, RowChecksum>
}

/** Throws unless the target holds exactly the rows that were counted on their way. */
export async function assertCopied(
  target: Endpoint,
  { columnsOf, checksums }: Copied,
  options: AbortableOptions,
): Promise<void> {
  const report = progressReporter(await countAll(target), options)
  for (const table of copiedTables) {
    const found = new RowChecksum()
    for await (const values of batches(target, { table, columns: await columnsOf(table) })) {
      for (const row of values) found.add(row)
      report(`check ${table.name}`, values.length)
    }
    const expected = checksums.get(table.name) ?? new RowChecksum()
    if (String(found) !== String(expected)) throw differs(table.name, found, expected)
  }
}

function differs(table: string, found: RowChecksum, expected: RowChecksum): Corrupt {
  return new Corrupt(
    `the copy of ${table} is not what was read: it has ${found.rows} rows, ${expected.rows} were read`,
    {
      hint: 'Did another program write to the copy meanwhile? Stop it, and begin again.',
      details: { table, found: String(found), expected: String(expected) },
    },
  )
}

function nextLimit(limit: number, found: readonly (readonly Cell[])[]): number {
  const length = found.reduce((sum, row) => sum + textLength(row), 0)
  const fitting = Math.floor((batch.length * found.length) / Math.max(1, length))
  return Math.max(1, Math.min(fitting, 4 * limit, batch.maxRows))
}

function textLength(row: readonly Cell[]): number {
  return row.reduce<number>((sum, value) => sum + (typeof value === 'string' ? value.length : 8), 0)
}
