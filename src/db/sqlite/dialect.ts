import type { Clock } from '../../util/clock.ts'
import { shiftTime, toTimeText } from '../../util/time.ts'
import type { Dialect } from '../db.ts'
import { type Binding, raw, type Sql, sql } from '../sql.ts'

export const sqliteBinding: Binding = {
  placeholder: () => '?',
  time: toTimeText,
}

/** SQLite has no clock of its own here: every time is bound as a parameter, from the handle's clock. */
export function sqliteDialect(clock: Clock): Dialect {
  return {
    name: 'sqlite',
    now: (offsetMs = 0) => sql`${shiftTime(clock.now(), offsetMs)}`,
    leaseNow: () => sql`${clock.monotonicMs()}`,
    leaseEpoch: () => sql`${clock.bootId}`,
    glob: (column: Sql, pattern: string) => sql`${column} glob ${pattern}`,
    skipLocked: raw(''),
  }
}
