import { type Sql, sql } from '../db/sql.ts'
import { compareBytes } from '../util/byte-order.ts'
import { checkName } from '../util/check.ts'

/** The greatest text that a key can end in: as many of the last character as fit into the 512 bytes of a key. */
const lastSuffix = '\u{10ffff}'.repeat(128)

/**
 * The keys that begin with `prefix`, as a range that an index serves; `''` is all of them.
 * @param after only those behind this key
 */
export function hasPrefix(prefix: string, after?: string): Sql {
  const first = prefix === '' ? '' : checkName('prefix', prefix)
  // One lower bound: of two, planners take the first, and would read again what a cursor has passed.
  const low =
    after === undefined || compareBytes(after, first) < 0 ? sql`key >= ${first}` : sql`key > ${after}`
  return sql`${low} and key <= ${first + lastSuffix}`
}
