import { Corrupt } from '../../../errors.ts'
import { type ChecksummedTable, checksummed, comparedColumns } from '../../checksummed.ts'
import { damaged, isDamaged } from '../../checksums.ts'
import type { Row } from '../../db.ts'
import type { Connection } from '../../sqlite/connection.ts'
import { connected, type JobContext, quoted } from './job.ts'
import { rowKey } from './objects.ts'

/** The records whose checksums are wrong. */
export interface DamagedRecords {
  count: number
  /** What there is to say of the first ones. */
  messages: string[]
}

/** Rows per read: no snapshot is held for long, behind which the log could not be merged. */
const sliceSize = 1_000

const maxMessages = 20

/** Compares the checksums of all records, table by table. What cannot be read is a finding of the integrity check. */
export async function compareChecksums(_input: undefined, context: JobContext): Promise<DamagedRecords> {
  return connected(context.file, { readOnly: true, waitMs: context.waitMs }, connection => {
    const found: DamagedRecords = { count: 0, messages: [] }
    const tables = Object.keys(checksummed) as ChecksummedTable[]
    tables.forEach((table, i) => {
      context.report(table, i / tables.length)
      for (const row of readable(connection, table)) note(found, table, row)
    })
    return found
  })
}

function note(found: DamagedRecords, table: ChecksummedTable, row: Row): void {
  if (!isDamaged(table, row)) return
  if (found.count++ < maxMessages) found.messages.push(damaged(table, row).message)
}

function* readable(connection: Connection, table: ChecksummedTable): Generator<Row, void, undefined> {
  try {
    yield* rows(connection, table)
  } catch (error) {
    if (!(error instanceof Corrupt)) throw error
  }
}

function* rows(connection: Connection, table: ChecksummedTable): Generator<Row, void, undefined> {
  const key = rowKey(connection, table)
  const named = key.map((column, i) => `${quoted(column)} as key_${i}`)
  const order = key.map(quoted).join(', ')
  const places = key.map(() => '?').join(', ')
  const columns = comparedColumns(table).map(quoted)
  const text = (where: string) =>
    `select ${[...named, ...columns].join(', ')} from ${quoted(table)} ${where} order by ${order} limit ${sliceSize}`
  let slice = [...connection.iterate(text(''), [])]
  while (slice.length > 0) {
    yield* slice
    const last = slice.at(-1)
    const after = key.map((_, i) => bound(last?.[`key_${i}`]))
    slice =
      slice.length < sliceSize ? [] : [...connection.iterate(text(`where (${order}) > (${places})`), after)]
  }
}

function bound(value: Row[string] | undefined): string | number | null | Uint8Array {
  return value instanceof Date || value === undefined ? null : value
}
