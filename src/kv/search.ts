import type { Db } from '../db/db.ts'
import { readInSlices, type Slice, type SlicesOptions } from '../db/slices.ts'
import { join, type Sql, sql } from '../db/sql.ts'
import { InvalidInput } from '../errors.ts'
import { describe } from '../util/check.ts'
import { literalPrefix } from '../util/glob.ts'
import { cursorPosition } from '../util/page.ts'

/** Keys that a search looks for. */
export interface WantedKeys {
  glob: string
  /** What each of them begins with. */
  prefix: string
  /** undefined: of all namespaces. */
  namespace: string | undefined
  /** False when keys must be looked through one by one to find those that match. */
  isServed: boolean
}

/** The place of a key in the order of a search. */
export type Place = readonly [namespace: string, key: string]

interface SearchedKeys extends SlicesOptions<Place> {
  columns: Sql
  isLive: Sql
}

/** A key has at most 512 bytes, thus 128 of the last character: with one more it sorts after each of them. */
const aboveAnyKey = '\u{10ffff}'.repeat(129)

export function wantedKeys(glob: string, namespace: string | undefined): WantedKeys {
  const prefix = literalPrefix(glob)
  const isServed = namespace === undefined ? glob === '*' : glob === `${prefix}*` || glob === prefix
  return { glob, prefix, namespace, isServed }
}

/** The place after which a page begins. */
export function afterCursor(cursor: string | undefined, { namespace }: WantedKeys): Place | undefined {
  const [of, key] = cursorPosition(cursor, 2) ?? []
  if (of === undefined) return undefined
  if (namespace === undefined || namespace === of) return [String(of), String(key)]
  throw new InvalidInput(`the cursor is one of the namespace ${describe(of)}, not of ${describe(namespace)}`)
}

/** The first records with such keys, by namespace and key. */
export async function searchKeys<Row extends object>(
  db: Db,
  wanted: WantedKeys,
  { columns, isLive, ...slices }: SearchedKeys,
): Promise<Row[]> {
  // The range of the keys says it all: a condition more, of which it takes few to be met, leads PostgreSQL to sort them.
  const matches = wanted.isServed ? sql`1 = 1` : db.dialect.glob(sql`key`, wanted.glob)
  const read = (slice: Slice<Place>, limit: number) =>
    db.all<Row>(
      sql`select ${columns} from memory_store
          where ${within(wanted, slice)} and ${matches} and ${isLive}
          order by namespace, key limit ${limit}`,
    )
  const { after, limit } = slices
  if (wanted.isServed) return read({ after, end: undefined }, limit)
  if (wanted.namespace === undefined && (await areFew(db, wanted)))
    return readByKey(db, wanted, { columns, isLive, ...slices })
  const endOf = async (place: Place | undefined, size: number): Promise<Place | undefined> => {
    const [row] = await db.all<{ namespace: string; key: string }>(
      sql`select namespace, key from memory_store where ${within(wanted, { after: place, end: undefined })}
          order by namespace, key limit 1 offset ${size - 1}`,
    )
    return row && [row.namespace, row.key]
  }
  return readInSlices({ endOf, read }, slices)
}

/** Keys with the same beginning that are rather sorted than looked for in all namespaces. */
const mostSorted = 5_000

/** Whether few keys of all namespaces begin so. */
async function areFew(db: Db, { prefix }: WantedKeys): Promise<boolean> {
  if (prefix === '') return false
  const more = await db.all(
    sql`select key from memory_store where ${beginsWith(prefix)} order by key limit 1 offset ${mostSorted}`,
  )
  return more.length === 0
}

/** By the index of keys, which has those of all namespaces together: not in their order, an expression of which it is. */
function readByKey<Row extends object>(
  db: Db,
  { glob, prefix }: WantedKeys,
  { columns, isLive, after, limit }: SearchedKeys,
): Promise<Row[]> {
  const namespace = sql`namespace || ''`
  const rest = after === undefined ? sql`1 = 1` : sql`(${namespace}, key || '') > (${after[0]}, ${after[1]})`
  return db.all<Row>(
    sql`select ${columns} from memory_store
        where ${beginsWith(prefix)} and ${rest} and ${db.dialect.glob(sql`key`, glob)} and ${isLive}
        order by ${namespace}, key limit ${limit}`,
  )
}

function beginsWith(prefix: string): Sql {
  return sql`key >= ${prefix} and key < ${prefix + aboveAnyKey}`
}

/** One bound of keys on each side: of two, planners take the first, and would read again what the cursor has passed. */
export function within({ glob, prefix, namespace }: WantedKeys, { after, end }: Slice<Place>): Sql {
  if (namespace === undefined) {
    const parts = [sql`1 = 1`]
    if (after !== undefined) parts.push(sql`(namespace, key) > (${after[0]}, ${after[1]})`)
    if (end !== undefined) parts.push(sql`(namespace, key) <= (${end[0]}, ${end[1]})`)
    return join(parts, ' and ')
  }
  const parts = [sql`namespace = ${namespace}`]
  if (glob === prefix) parts.push(sql`key = ${glob}`)
  if (after !== undefined) parts.push(sql`key > ${after[1]}`)
  else if (prefix !== '' && glob !== prefix) parts.push(sql`key >= ${prefix}`)
  if (end !== undefined) parts.push(sql`key <= ${end[1]}`)
  else if (prefix !== '' && glob !== prefix) parts.push(sql`key < ${prefix + aboveAnyKey}`)
  return join(parts, ' and ')
}
