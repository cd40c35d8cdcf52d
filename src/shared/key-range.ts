import { type Sql, sql } from '../db/sql.ts'
import { checkName } from '../util/check.ts'

/** The greatest text that a key can end in: as many of the last character as fit into the 512 bytes of a key. */
const lastSuffix = '\u{10ffff}'.repeat(128)

/** The keys that begin with `prefix`, as a range that an index serves; `''` is all of them. */
export function hasPrefix(prefix: string): Sql {
  const first = prefix === '' ? '' : checkName('prefix', prefix)
  return sql`key >= ${first} and key <= ${first + lastSuffix}`
}
