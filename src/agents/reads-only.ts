import { isReading, type Sql } from '../db/sql.ts'

const known = new WeakMap<readonly string[], boolean>()

/** Whether a statement only reads: by the words of its call site, remembered, since it is asked of every read. */
export function readsOnly({ strings }: Sql): boolean {
  const before = known.get(strings)
  if (before !== undefined) return before
  const reads = isReading(strings.join(' '))
  known.set(strings, reads)
  return reads
}
