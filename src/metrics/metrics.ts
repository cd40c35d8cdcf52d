import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Context } from '../context.ts'
import { verified } from '../db/checksums.ts'
import type { Db } from '../db/db.ts'
import { join, raw, type Sql, sql } from '../db/sql.ts'
import { checkInteger, checkName, checkNumber, checkOneOf } from '../util/check.ts'
import { chunks } from '../util/chunks.ts'
import { type Duration, durationMs } from '../util/duration.ts'
import { cursorPosition, maxLimit, type Page, type PageOptions, pageLimit, toPage } from '../util/page.ts'
import { toDate } from '../util/time.ts'
import { readTimeOrDuration, type TimeOrDuration } from '../util/time-or-duration.ts'
import { checkMetrics } from './option-names.ts'
import { dayOf, foldMetrics, pruneMetrics } from './retention.ts'
import { type Resolution, type RollupRow, resolutions, rollupColumns, windowStart } from './rollup.ts'
import { admitSeries, type Series } from './series.ts'
import { Sketch } from './sketch.ts'
import {
  type Measurement,
  type MetricSummary,
  Summary,
  type SummaryOptions,
  type TimeRange,
} from './summary.ts'
import { decodeTags, encodeTags, type Tags } from './tags.ts'

/** One measurement. */
export interface MetricRecord {
  id: number
  name: string
  value: number
  tags: Tags
  timestamp: Date
}

export interface NewMetric {
  /** 1 to 512 bytes. */
  name: string
  /** Any finite number; the unit is the caller's, best told by the name (`build_ms`). */
  value: number
  tags?: Tags | undefined
  /** When it was measured, or how long ago. Default now. */
  timestamp?: TimeOrDuration | undefined
}

export interface MetricFilter extends TimeRange, PageOptions {
  name?: string | undefined
}

export interface PruneOptions {
  /** Everything measured before this goes; a length of time is an age, such as `'30d'`. */
  olderThan: TimeOrDuration
  /** Only this metric. Default: all. */
  name?: string | undefined
  /** Ends the work between two batches; what was done until then stays done. */
  signal?: AbortSignal | undefined
}

export interface RollupOptions extends PruneOptions {
  /** How long the windows are that keep figures: `minute`, `hour` (the default) or `day`. */
  resolution?: Resolution | undefined
}

/** How long measurements are kept. What is left out is kept for ever. */
export interface MetricRetention {
  /** At what age measurements are rolled up into figures per hour, such as `'30d'`. */
  rollupAfter?: Duration | undefined
  /** At what age measurements, rolled up or not, are deleted. */
  deleteAfter?: Duration | undefined
}

interface CheckedMetric {
  name: string
  value: number
  tags: string | undefined
  time: Sql | Date
}

interface MetricRow extends Measurement {
  id: number
  metric_name: string
  crc: number | null
}

const columns = sql`id, metric_name, value, tags, timestamp, crc`

/**
 * Rows of one statement: few enough texts for the statement cache, far below any engine's limit of
 * parameters.
 */
const rowsPerInsert = 100

/** Windows that a summary reads in one turn of the event loop, with their sketches. */
const windowsPerRead = 200

/** Rows that a summary reads in one turn of the event loop: about 10 ms of work. */
const rowsPerRead = 5_000

/**
 * Measurements over time. By default they are kept one by one until `rollup` or `prune` is called;
 * {@link Metrics.setRetention} has the background work call them.
 *
 * A measurement is in one place, its own row or the figures of one window, and moves there in one transaction: so
 * figures are always those of all that was measured, also when it was recorded late, and nothing counts twice.
 */
export class Metrics {
  readonly #context: Context

  constructor(context: Context) {
    this.#context = context
  }

  /**
   * Records one measurement at this moment. Measurements recorded without awaiting each other share a commit;
   * the promise resolves with the commit of its own.
   * @throws InvalidInput `too_large` when the metric would have more than 10,000 combinations of tags
   */
  async record(name: string, value: number, tags?: Tags): Promise<void> {
    await this.#insert([this.#checked({ name, value, tags })])
  }

  /**
   * Records up to 10,000 measurements in one transaction, all or none, and returns how many.
   * @throws InvalidInput `too_large` as {@link Metrics.record} does
   */
  async recordMany(metrics: readonly NewMetric[]): Promise<number> {
    checkMetrics.recordMany(metrics)
    checkInteger('the number of metrics', metrics.length, 0, maxLimit)
    const rows = metrics.map((metric, i) => this.#checked(metric, `metrics[${i}].`))
    if (rows.length > 0) await this.#insert(rows)
    return rows.length
  }

  /** Measurements that were not rolled up, the latest first. */
  async list(filter: MetricFilter = {}): Promise<Page<MetricRecord>> {
    checkMetrics.list(filter)
    const page = await this.#page(filter, pageLimit(filter.limit))
    return { ...page, items: page.items.map(fromRow) }
  }

  /** The names of all metrics, in order; the first 10,000. */
  async names(): Promise<string[]> {
    // One step of the index per name, where `select distinct` would read every measurement.
    const rows = await this.#context.db.all<{ name: string }>(
      sql`with recursive names (name) as (
            ${leastName(sql`''`)}
            union all
            select (${leastName(sql`names.name`)}) from names where names.name is not null
          )
          select name from names where name is not null limit ${maxLimit}`,
    )
    return rows.map(row => row.name)
  }

  /**
   * Count, mean, least, greatest and percentiles of a metric: one row, or one per group in the order of the
   * groups, or none where nothing was measured. Percentiles are exact and values that were measured (nearest
   * rank: p95 is the least value that 95 % of all do not exceed). Reads every measurement of the range, some
   * 500,000 a second, leaving the event loop its turns; what is recorded meanwhile may or may not count.
   *
   * What was rolled up counts with its window, at the moment at which that begins, and makes percentiles inexact:
   * see `exact`.
   * @throws InvalidInput `too_large` beyond 10,000,000 measurements or 10,000 groups
   */
  async summary(name: string, options: SummaryOptions = {}): Promise<MetricSummary[]> {
    checkMetrics.summary(options)
    const { groupBy, since, until } = options
    const range = {
      name,
      since: this.#optionalDate('since', since),
      until: this.#optionalDate('until', until),
    }
    const windows = this.#matching('window_start', range)
    for (;;) {
      const summary = new Summary(groupBy)
      const before = await this.#countRolledUp(windows)
      await this.#addMeasurements(summary, range)
      await this.#addWindows(summary, windows)
      // What was rolled up meanwhile may have been counted twice, or not at all.
      if ((await this.#countRolledUp(windows)) === before) return summary.rows()
    }
  }

  /**
   * Replaces old measurements by figures that {@link Metrics.summary} goes on with: for each combination of tags and
   * each full minute, hour or day that ended before `olderThan`, the count, sum and extremes, exactly, and a sketch
   * that tells percentiles to 1 %. Some 1,000 measurements take the place of one. Windows that are shorter are merged
   * into these as well. What is recorded late is added to its window by the next call; calling again without changes
   * nothing.
   * @returns how many measurements were rolled up
   */
  async rollup(options: RollupOptions): Promise<number> {
    checkMetrics.rollup(options)
    const { olderThan, name, resolution = 'hour', signal } = options
    const length = checkOneOf('resolution', resolution, resolutions)
    const before = windowStart(this.#date('olderThan', olderThan), length)
    const fold = { before, named: ofMetric(name), resolution: length }
    return foldMetrics(this.#context.db, fold, signal)
  }

  /**
   * Deletes old measurements for good, a few thousand per commit, and what was rolled up of windows that had ended
   * by then. To keep figures of them, use {@link Metrics.rollup}.
   * @returns how many measurements went, those included that were known by figures only
   */
  async prune(options: PruneOptions): Promise<number> {
    checkMetrics.prune(options)
    const { olderThan, name, signal } = options
    const { db } = this.#context
    return pruneMetrics(db, { before: this.#date('olderThan', olderThan), named: ofMetric(name) }, signal)
  }

  /**
   * Has the background work of whichever process roll measurements up and delete them, about once an hour; takes the
   * place of what was set before.
   */
  async setRetention(retention: MetricRetention): Promise<void> {
    checkMetrics.setRetention(retention)
    const { rollupAfter, deleteAfter } = retention
    const rollupMs = rollupAfter === undefined ? 0 : durationMs('rollupAfter', rollupAfter)
    const deleteMs = deleteAfter === undefined ? 0 : durationMs('deleteAfter', deleteAfter)
    await this.#context.db.all(
      sql`update hivewax_counters
          set value = case name when 'metrics_rollup_ms' then cast(${Math.ceil(rollupMs)} as bigint)
                                else cast(${Math.ceil(deleteMs)} as bigint) end
          where name in ('metrics_rollup_ms', 'metrics_delete_ms')`,
    )
  }

  /** How long measurements are kept, in milliseconds; without a number, for ever. */
  async retention(): Promise<{ rollupAfter: number | undefined; deleteAfter: number | undefined }> {
    const rows = await this.#context.db.all<{ name: string; value: number }>(
      sql`select name, value from hivewax_counters where name in ('metrics_rollup_ms', 'metrics_delete_ms')`,
    )
    const ageOf = (wanted: string) => rows.find(({ name }) => name === wanted)?.value || undefined
    return { rollupAfter: ageOf('metrics_rollup_ms'), deleteAfter: ageOf('metrics_delete_ms') }
  }

  /** Does now what {@link Metrics.setRetention} asks for. */
  async applyRetention(options: { signal?: AbortSignal | undefined } = {}): Promise<void> {
    checkMetrics.applyRetention(options)
    const { signal } = options
    const { rollupAfter, deleteAfter } = await this.retention()
    if (deleteAfter !== undefined) await this.prune({ olderThan: deleteAfter, signal })
    if (rollupAfter !== undefined) await this.rollup({ olderThan: rollupAfter, signal })
  }

  #checked({ name, value, tags, timestamp }: NewMetric, at = ''): CheckedMetric {
    return {
      name: checkName(`${at}name`, name),
      value: checkNumber(`${at}value`, value),
      tags: encodeTags(tags),
      time:
        timestamp === undefined ? this.#context.db.dialect.now() : this.#moment(`${at}timestamp`, timestamp),
    }
  }

  /** Rows without tags belong to no series; with them it takes a transaction. */
  async #insert(metrics: readonly CheckedMetric[]): Promise<void> {
    const { db, clock } = this.#context
    const series = metrics.filter((metric): metric is CheckedMetric & Series => metric.tags !== undefined)
    const rows = metrics.map(({ name, value, tags, time }) => {
      const crc = db.dialect.checksum('performance_metrics', 'crc', { metric_name: name, value, tags })
      return sql`(${name}, ${value}, ${tags}, ${time}, ${crc})`
    })
    const insert = async (to: Db) => {
      for (const values of chunks(rows, rowsPerInsert)) {
        await to.all(
          sql`insert into performance_metrics (metric_name, value, tags, timestamp, crc) values ${join(values)}`,
        )
      }
    }
    if (series.length === 0 && rows.length <= rowsPerInsert) return insert(db)
    await db.transaction(async tx => {
      await admitSeries(tx, series, dayOf(new Date(clock.now())))
      await insert(tx)
    })
  }

  async #addMeasurements(summary: Summary, range: MetricFilter): Promise<void> {
    let cursor: string | undefined
    do {
      const page = await this.#page({ ...range, cursor }, rowsPerRead)
      for (const row of page.items) summary.add(row)
      cursor = page.cursor
      if (cursor !== undefined) await nextTurn()
    } while (cursor !== undefined)
  }

  async #addWindows(summary: Summary, matching: Sql): Promise<void> {
    let after = sql`1 = 1`
    for (;;) {
      const rows = await this.#context.db.all<RollupRow>(
        sql`select ${rollupColumns} from hivewax_metric_rollups where ${matching} and ${after}
            order by resolution, window_start, tags limit ${windowsPerRead}`,
      )
      for (const row of rows) {
        const tags = row.tags === '' ? null : row.tags
        verified('hivewax_metric_rollups', row)
        summary.merge({ tags, timestamp: row.window_start }, Sketch.from(row))
      }
      const last = rows.at(-1)
      if (last === undefined || rows.length < windowsPerRead) return
      after = sql`(resolution, window_start, tags) > (${last.resolution}, ${last.window_start}, ${last.tags})`
      await nextTurn()
    }
  }

  /** Changes with every rollup of what matches. */
  async #countRolledUp(matching: Sql): Promise<string> {
    const rows = await this.#context.db.all<{ windows: number; measurements: number | null }>(
      sql`select count(*) as windows, sum(count) as measurements from hivewax_metric_rollups where ${matching}`,
    )
    return JSON.stringify(rows)
  }

  async #page(filter: MetricFilter, limit: number): Promise<Page<MetricRow>> {
    const passed = cursorPosition(filter.cursor, 2)
    const where =
      passed === undefined
        ? this.#matching('timestamp', filter)
        : // One upper bound, that of the cursor: of two, planners take the first, and read again what was passed.
          sql`${this.#matching('timestamp', { ...filter, until: undefined })}
              and (timestamp, id) < (${passed[0]}, ${passed[1]})`
    const rows = await this.#context.db.all<MetricRow>(
      sql`select ${columns} from performance_metrics
          where ${where}
          order by timestamp desc, id desc limit ${limit + 1}`,
    )
    const item = (row: MetricRow) => verified('performance_metrics', row)
    return toPage(rows, limit, { item, position: row => [row.timestamp, row.id] })
  }

  #matching(
    column: 'timestamp' | 'window_start',
    { name, since, until }: Omit<MetricFilter, keyof PageOptions>,
  ): Sql {
    const parts = [ofMetric(name)]
    if (since !== undefined) parts.push(sql`${raw(column)} >= ${this.#moment('since', since)}`)
    if (until !== undefined) parts.push(sql`${raw(column)} < ${this.#moment('until', until)}`)
    return join(parts, ' and ')
  }

  /** The same moment for every statement of a call that takes many. */
  #date(what: string, at: TimeOrDuration): Date {
    const moment = readTimeOrDuration(what, at)
    return moment instanceof Date ? moment : new Date(this.#context.clock.now() - moment)
  }

  #optionalDate(what: string, at: TimeOrDuration | undefined): Date | undefined {
    return at === undefined ? undefined : this.#date(what, at)
  }

  /** A length of time goes back from now. */
  #moment(what: string, at: TimeOrDuration): Sql | Date {
    const moment = readTimeOrDuration(what, at)
    return moment instanceof Date ? moment : this.#context.db.dialect.now(-moment)
  }
}

function fromRow(row: MetricRow): MetricRecord {
  return {
    id: row.id,
    name: row.metric_name,
    value: row.value,
    tags: decodeTags(row.tags),
    timestamp: toDate(row.timestamp),
  }
}

function ofMetric(name: string | undefined): Sql {
  return name === undefined ? sql`1 = 1` : sql`metric_name = ${checkName('name', name)}`
}

/** The first name after another, of what is measured or rolled up. */
function leastName(after: Sql): Sql {
  return sql`select min(name) from (
    select min(metric_name) as name from performance_metrics where metric_name > ${after}
    union all select min(metric_name) from hivewax_metric_rollups where metric_name > ${after}) firsts`
}
