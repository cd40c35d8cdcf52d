import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Context } from '../context.ts'
import { join, type Sql, sql } from '../db/sql.ts'
import { checkInteger, checkName, checkNumber } from '../util/check.ts'
import { type Moment, readMoment } from '../util/moment.ts'
import { cursorPosition, maxLimit, type Page, type PageOptions, pageLimit, toPage } from '../util/page.ts'
import { toDate } from '../util/time.ts'
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
  timestamp?: Moment | undefined
}

export interface MetricFilter extends TimeRange, PageOptions {
  name?: string | undefined
}

export interface PruneOptions {
  /** Everything measured before this goes; a length of time is an age, such as `'30d'`. */
  olderThan: Moment
  /** Only this metric. Default: all. */
  name?: string | undefined
}

interface MetricRow extends Measurement {
  id: number
  metric_name: string
}

const columns = sql`id, metric_name, value, tags, timestamp`

/**
 * Rows of one statement: few enough texts for the statement cache, far below any engine's limit of
 * parameters.
 */
const rowsPerInsert = 100

/** Rows that a summary reads in one turn of the event loop: about 10 ms of work. */
const rowsPerRead = 5_000

/**
 * Rows that go in one statement, so that pruning millions holds up neither the event loop nor other writers.
 */
const rowsPerDelete = 2_000

/** Measurements over time. They are kept until `prune` removes them. */
export class Metrics {
  readonly #context: Context

  constructor(context: Context) {
    this.#context = context
  }

  /**
   * Records one measurement at this moment. Measurements recorded without awaiting each other share a commit;
   * the promise resolves with the commit of its own.
   */
  async record(name: string, value: number, tags?: Tags): Promise<void> {
    const metric = {
      name: checkName('name', name),
      value: checkNumber('value', value),
      tags: encodeTags(tags),
    }
    await this.#context.db.all(
      sql`insert into performance_metrics (metric_name, value, tags, timestamp)
          values (${metric.name}, ${metric.value}, ${metric.tags}, ${this.#context.db.dialect.now()})`,
    )
  }

  /** Records up to 10,000 measurements in one transaction, all or none, and returns how many. */
  async recordMany(metrics: readonly NewMetric[]): Promise<number> {
    checkInteger('the number of metrics', metrics.length, 0, maxLimit)
    const rows = metrics.map((metric, i) => this.#values(metric, `metrics[${i}]`))
    await this.#context.db.transaction(async tx => {
      for (let from = 0; from < rows.length; from += rowsPerInsert) {
        await tx.all(
          sql`insert into performance_metrics (metric_name, value, tags, timestamp)
              values ${join(rows.slice(from, from + rowsPerInsert))}`,
        )
      }
    })
    return rows.length
  }

  /** Measurements, the latest first. */
  async list(filter: MetricFilter = {}): Promise<Page<MetricRecord>> {
    const page = await this.#page(this.#matching(filter), pageLimit(filter.limit), filter.cursor)
    return { ...page, items: page.items.map(fromRow) }
  }

  /** The names of all metrics, in order; the first 10,000. */
  async names(): Promise<string[]> {
    // One step of the index per name, where `select distinct` would read every measurement.
    const rows = await this.#context.db.all<{ name: string }>(
      sql`with recursive names (name) as (
            select min(metric_name) from performance_metrics
            union all
            select (select min(metric_name) from performance_metrics where metric_name > names.name)
            from names where names.name is not null
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
   * @throws InvalidInput `too_large` beyond 10,000,000 measurements or 10,000 groups
   */
  async summary(name: string, { groupBy, ...range }: SummaryOptions = {}): Promise<MetricSummary[]> {
    const summary = new Summary(groupBy)
    const matching = this.#matching({ ...range, name })
    let cursor: string | undefined
    do {
      const page = await this.#page(matching, rowsPerRead, cursor)
      for (const row of page.items) summary.add(row)
      cursor = page.cursor
      if (cursor !== undefined) await nextTurn()
    } while (cursor !== undefined)
    return summary.rows()
  }

  /** Deletes old measurements, a few thousand per commit, and returns how many. */
  async prune({ olderThan, name }: PruneOptions): Promise<number> {
    const before = this.#moment('olderThan', olderThan)
    const named = name === undefined ? sql`1 = 1` : sql`metric_name = ${checkName('name', name)}`
    for (let total = 0; ; ) {
      const rows = await this.#context.db.all(
        sql`delete from performance_metrics where id in (
              select id from performance_metrics where timestamp < ${before} and ${named}
              order by timestamp limit ${rowsPerDelete}
            ) returning id`,
      )
      total += rows.length
      if (rows.length < rowsPerDelete) return total
    }
  }

  #values({ name, value, tags, timestamp }: NewMetric, at: string): Sql {
    const time =
      timestamp === undefined ? this.#context.db.dialect.now() : this.#moment(`${at}.timestamp`, timestamp)
    return sql`(${checkName(`${at}.name`, name)}, ${checkNumber(`${at}.value`, value)},
                ${encodeTags(tags)}, ${time})`
  }

  async #page(matching: Sql, limit: number, cursor: string | undefined): Promise<Page<MetricRow>> {
    const before = cursorPosition(cursor, 2)
    const after = before === undefined ? sql`1 = 1` : sql`(timestamp, id) < (${before[0]}, ${before[1]})`
    const rows = await this.#context.db.all<MetricRow>(
      sql`select ${columns} from performance_metrics
          where ${matching} and ${after}
          order by timestamp desc, id desc limit ${limit + 1}`,
    )
    return toPage(
      rows,
      limit,
      row => row,
      row => [row.timestamp, row.id],
    )
  }

  #matching({ name, since, until }: Omit<MetricFilter, keyof PageOptions>): Sql {
    const parts = [sql`1 = 1`]
    if (name !== undefined) parts.push(sql`metric_name = ${checkName('name', name)}`)
    if (since !== undefined) parts.push(sql`timestamp >= ${this.#moment('since', since)}`)
    if (until !== undefined) parts.push(sql`timestamp < ${this.#moment('until', until)}`)
    return join(parts, ' and ')
  }

  /** A length of time goes back from now. */
  #moment(what: string, at: Moment): Sql | Date {
    const moment = readMoment(what, at)
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
