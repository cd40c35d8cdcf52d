import { verified } from '../db/checksums.ts'
import type { Db } from '../db/db.ts'
import { join, type Sql, sql } from '../db/sql.ts'
import { toDate } from '../util/time.ts'
import { Sketch } from './sketch.ts'

/** How long a window is. Windows begin on the full minute, hour or day in UTC. */
export type Resolution = (typeof resolutions)[number]
export const resolutions = ['minute', 'hour', 'day'] as const

const lengths = { minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const

/** The figures of one window, as their columns hold them. */
export interface RollupRow {
  metric_name: string
  resolution: Resolution
  window_start: string
  /** Empty for measurements without tags. */
  tags: string
  count: number
  sum: number
  min: number
  max: number
  sketch: string
  crc: number | null
}

export const rollupColumns = sql`metric_name, resolution, window_start, tags, count, sum, min, max, sketch, crc`

/** What to roll up in one transaction: everything before `before`, the start of a window, that `named` accepts. */
export interface Fold {
  resolution: Resolution
  before: Date
  named: Sql
}

interface Measured {
  metric_name: string
  value: number
  tags: string | null
  timestamp: string
  crc: number | null
}

/** Rows per transaction, so that rolling up millions holds up neither the event loop nor other writers. */
const rowsPerFold = 1_000
const windowsPerFold = 100

/** The start of the window that a moment is in. What has no time that can be read counts as of 1970. */
export function windowStart(time: Date, resolution: Resolution): Date {
  const length = lengths[resolution]
  return new Date(Math.floor((time.getTime() || 0) / length) * length)
}

/** The condition that a window had ended by then. */
export function endedBy(time: Date): Sql {
  const parts = resolutions.map(resolution => {
    const latest = new Date(time.getTime() - lengths[resolution])
    return sql`(resolution = ${resolution} and window_start <= ${latest})`
  })
  return sql`(${join(parts, ' or ')})`
}

/** Moves some measurements into the figures of their windows, and returns how many: 0 when none are left. */
export async function foldMeasurements(tx: Db, { resolution, before, named }: Fold): Promise<number> {
  await lockRollups(tx)
  const rows = await tx.all<Measured>(
    sql`delete from performance_metrics where id in (
          select id from performance_metrics where timestamp < ${before} and ${named}
          order by timestamp limit ${rowsPerFold}
        ) returning metric_name, value, tags, timestamp, crc`,
  )
  const windows = new Windows()
  for (const row of rows) {
    const { metric_name, value, tags, timestamp } = verified('performance_metrics', row)
    windows.of(metric_name, windowStart(toDate(timestamp), resolution), tags ?? '').add(value)
  }
  await windows.store(tx, resolution)
  return rows.length
}

/** Moves some windows that are shorter into those that they are parts of, and returns how many. */
export async function foldWindows(tx: Db, { resolution, before, named }: Fold): Promise<number> {
  const shorter = resolutions.slice(0, resolutions.indexOf(resolution))
  if (shorter.length === 0) return 0
  await lockRollups(tx)
  const rows = await tx.all<RollupRow>(
    sql`delete from hivewax_metric_rollups where (metric_name, resolution, window_start, tags) in (
          select metric_name, resolution, window_start, tags from hivewax_metric_rollups
          where resolution in (${join(shorter)}) and window_start < ${before} and ${named} limit ${windowsPerFold}
        ) returning ${rollupColumns}`,
  )
  const windows = new Windows()
  for (const row of rows) {
    verified('hivewax_metric_rollups', row)
    windows
      .of(row.metric_name, windowStart(toDate(row.window_start), resolution), row.tags)
      .merge(Sketch.from(row))
  }
  await windows.store(tx, resolution)
  return rows.length
}

/** Figures are read, merged and written: two that do so at the same time would lose one's share. */
async function lockRollups(tx: Db): Promise<void> {
  await tx.all(sql`update hivewax_counters set value = value where name = 'metrics_rollup_ms'`)
}

/** Sketches by the window that they are for. */
class Windows {
  readonly #windows = new Map<string, { name: string; start: Date; tags: string; sketch: Sketch }>()

  of(name: string, start: Date, tags: string): Sketch {
    const key = JSON.stringify([name, start.getTime(), tags])
    const known = this.#windows.get(key)
    if (known !== undefined) return known.sketch
    const sketch = new Sketch()
    this.#windows.set(key, { name, start, tags, sketch })
    return sketch
  }

  /** Adds them to what is stored of the same windows. */
  async store(tx: Db, resolution: Resolution): Promise<void> {
    for (const { name, start, tags, sketch } of this.#windows.values()) {
      const [stored] = await tx.all<RollupRow>(
        sql`select ${rollupColumns} from hivewax_metric_rollups where metric_name = ${name}
              and resolution = ${resolution} and window_start = ${start} and tags = ${tags}`,
      )
      if (stored !== undefined) sketch.merge(Sketch.from(verified('hivewax_metric_rollups', stored)))
      const { count, sum, min, max } = sketch
      const figures = { count, sum, min, max, sketch: sketch.bins() }
      const key = { metric_name: name, resolution, tags }
      const crc = tx.dialect.checksum('hivewax_metric_rollups', 'crc', { ...key, ...figures })
      await tx.all(
        sql`insert into hivewax_metric_rollups
              (metric_name, resolution, window_start, tags, count, sum, min, max, sketch, crc)
            values (${name}, ${resolution}, ${start}, ${tags}, ${count}, ${sum}, ${min}, ${max},
              ${figures.sketch}, ${crc})
            on conflict (metric_name, resolution, window_start, tags) do update set
              count = excluded.count, sum = excluded.sum, min = excluded.min, max = excluded.max,
              sketch = excluded.sketch, crc = excluded.crc`,
      )
    }
  }
}
