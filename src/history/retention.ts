import type { Db } from '../db/db.ts'
import { defaultLimits } from '../db/history/limits.ts'
import { sql } from '../db/sql.ts'
import { checkInteger, checkName } from '../util/check.ts'
import { cursorPosition, type Page, type PageOptions, pageLimit, toPage } from '../util/page.ts'
import type { Retention, RetentionOptions } from './history.ts'

/** The most that can be kept: days have to fit into a time. */
const most = { versions: 100_000, days: 36_500 } as const

/** See `History.setRetention`. */
export async function setRetention(db: Db, namespace: string, options: RetentionOptions): Promise<void> {
  const name = checkName('namespace', namespace, 128)
  const { versions, days } = options
  if (versions !== undefined) checkInteger('versions', versions, 0, most.versions)
  if (days !== undefined) checkInteger('days', days, 1, most.days)
  if (versions === undefined && days === undefined)
    await db.all(sql`delete from hivewax_history_limits where namespace = ${name}`)
  else
    await db.all(
      sql`insert into hivewax_history_limits (namespace, versions, days)
          values (${name}, ${versions ?? defaultLimits.versions}, ${days ?? defaultLimits.days})
          on conflict (namespace) do update set versions = excluded.versions, days = excluded.days`,
    )
}

/** See `History.retention`. */
export async function listRetention(db: Db, options: PageOptions): Promise<Page<Retention>> {
  const limit = pageLimit(options.limit)
  const [after = ''] = cursorPosition(options.cursor, 1) ?? []
  const rows = await db.all<Retention>(
    sql`select namespace, versions, days from hivewax_history_limits
        where namespace > ${String(after)} order by namespace limit ${limit + 1}`,
  )
  return toPage(rows, limit, { item: row => row, position: ({ namespace }) => [namespace] })
}
