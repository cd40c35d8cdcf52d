import { Corrupt } from '../errors.ts'
import { crc32 } from '../util/crc32.ts'
import {
  type Checksummed,
  type ChecksummedTable,
  type ChecksumName,
  type Covered,
  checksummed,
} from './checksummed.ts'

/** Columns that came after the checksums, and are without weight where they are null: older rows have none. */
const later: ReadonlySet<string> = new Set(['author', 'labels', 'parent_task'])

type Cells = Readonly<Record<string, unknown>>

/** A checksum of a table, ready to be computed. */
interface Checksum {
  readonly name: string
  readonly keys: readonly string[]
  /** The key that is a number which the engine gives out. */
  readonly number: string | undefined
  readonly columns: readonly string[]
  readonly texts: readonly string[]
}

function checksumsOf({ key, checksums, isNumbered = false }: Checksummed): Checksum[] {
  const keys = Object.keys(key)
  return Object.entries(checksums).map(([name, covered]) => {
    const columns = Object.keys(covered)
    return {
      name,
      keys: isNumbered ? [] : keys,
      number: isNumbered ? keys[0] : undefined,
      columns,
      texts: columns.filter(column => covered[column]?.startsWith('text')),
    }
  })
}

const byTable = new Map<string, readonly Checksum[]>(
  Object.entries(checksummed).map(([table, definition]) => [table, checksumsOf(definition)]),
)

/** The checksum of a record to be stored; null where all that it covers is. A number that is not given out yet is 0. */
export function checksumOf<T extends ChecksummedTable, C extends ChecksumName<T>>(
  table: T,
  name: C,
  row: Covered<T, C>,
): number | null {
  const checksum = byTable.get(table)?.find(checksum => checksum.name === name)
  return checksum === undefined ? null : compute(checksum, row, row)
}

/** All checksums of a whole row, by their columns; none for a table that keeps none. */
export function allChecksums(table: string, row: Cells): Record<string, number | null> {
  const all = byTable.get(table) ?? []
  return Object.fromEntries(all.map(checksum => [checksum.name, compute(checksum, row, row)]))
}

/**
 * Returns a row as it was read from `table`, once those of its checksums that were read too have been compared. One that
 * is null was never made, such as that of a row which other SQL has written: the row is then taken as it is.
 * @param key of the record that was asked for, where the row lacks it, or an index that is damaged may have led to another
 * @throws Corrupt, naming the record, when the disk holds something else than what was stored
 */
export function verified<R extends object>(table: ChecksummedTable, row: R, key: object = row): R {
  if (isDamaged(table, row, key)) throw damaged(table, key)
  return row
}

/** As {@link verified}, of a row of any table. */
export function assertSound(table: string, row: object): void {
  if (isDamaged(table, row)) throw damaged(table as ChecksummedTable, row)
}

/** Whether one of the checksums in a row is not that of the columns beside it. */
export function isDamaged(table: string, row: object, key: object = row): boolean {
  // An object without an index signature is one of named cells all the same.
  return byTable.get(table)?.some(checksum => !isSound(checksum, row as Cells, key as Cells)) ?? false
}

function isSound(checksum: Checksum, row: Cells, key: Cells): boolean {
  const stored = row[checksum.name]
  if (stored === undefined) return true
  // One bit makes a number of a null, and SQLite stores no number in a column of text.
  if (stored === null) return checksum.texts.every(column => typeof row[column] !== 'number')
  return stored === compute(checksum, row, key)
}

function compute({ keys, number, columns }: Checksum, row: Cells, key: Cells): number | null {
  let crc = 0
  for (const column of keys) crc = crcWithCell(crc, key[column])
  let isNull = true
  for (const column of columns) {
    const cell = row[column]
    if (later.has(column) && (cell === null || cell === undefined)) continue
    if (cell !== null && cell !== undefined) isNull = false
    crc = crcWithCell(crc, cell)
  }
  if (isNull) return null
  return number === undefined ? crc : crc + Number(key[number])
}

/** Unlike for unlike cells: no name and no JSON holds these characters. */
function crcWithCell(crc: number, cell: unknown): number {
  if (cell === null || cell === undefined) return crc32('\u0001', crc)
  return crc32(typeof cell === 'string' ? cell : `${cell}`, crc32('\0', crc))
}

/** The error of a record that is not what was stored. */
export function damaged(table: ChecksummedTable, row: object): Corrupt {
  const names = Object.keys(checksummed[table].key)
  const key = Object.fromEntries(names.map(column => [column, (row as Cells)[column]]))
  return new Corrupt(
    `the record ${JSON.stringify(key)} of ${table} is damaged: what the disk holds is not what was stored`,
    {
      hint: `Delete it or store it anew, or restore a backup with \`hivewax restore\`. \`hivewax doctor\` lists what is damaged, and \`hivewax recover\` saves the rest. If SQL has copied it from another record, with the checksum of that, have it read as it is: \`hivewax execute "${withoutChecksums(table, key)}"\`.`,
      details: { table, key },
    },
  )
}

/** The statement after which a record is read as it is. */
function withoutChecksums(table: ChecksummedTable, key: Cells): string {
  const columns = Object.keys(checksummed[table].checksums).map(column => `${column} = null`)
  const conditions = Object.entries(key).map(([column, cell]) => `${column} = ${literal(cell)}`)
  return `update ${table} set ${columns.join(', ')} where ${conditions.join(' and ')}`
}

function literal(cell: unknown): string {
  return typeof cell === 'number' ? `${cell}` : `'${String(cell).replaceAll("'", "''")}'`
}
