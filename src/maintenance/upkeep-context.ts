import type { Context } from '../context.ts'
import type { Engine } from '../db/engine.ts'
import type { Meter } from '../db/meter.ts'
import { sql } from '../db/sql.ts'
import { toOptionalDate } from '../util/time.ts'
import type { AccessLog } from './access-log.ts'

/** What the upkeep of a store works with: the handle's context, and what is not SQL. */
export interface Upkeep {
  readonly context: Context
  readonly engine: Engine
  readonly meter: Meter
  readonly access: AccessLog
  /** Why the store is where it is. */
  readonly reason: string
}

/** Notes that a task of upkeep was done, just now or at `at`. */
export async function markDone({ db }: Context, name: string, at?: Date): Promise<void> {
  await db.all(
    sql`insert into hivewax_upkeep (name, done_at) values (${name}, ${at ?? db.dialect.now()})
        on conflict (name) do update set done_at = excluded.done_at`,
  )
}

/** When a task of upkeep was last done, by any process; undefined for never. */
export async function lastDone({ db }: Context, name: string): Promise<Date | undefined> {
  const [row] = await db.all<{ done_at: string | null }>(
    sql`select done_at from hivewax_upkeep where name = ${name}`,
  )
  return row && toOptionalDate(row.done_at)
}

/** All rows of a statement that reads much but returns little. */
export async function scanAll<R extends object>(
  engine: Engine,
  query: Parameters<Engine['scan']>[0],
): Promise<R[]> {
  const rows: R[] = []
  for await (const batch of engine.scan<R>(query)) rows.push(...batch)
  return rows
}
