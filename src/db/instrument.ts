import type { Db, TransactionOptions } from './db.ts'
import { Sql } from './sql.ts'

/** What is known of one statement since the handle was opened. Durations in milliseconds. */
export interface StatementStats {
  query: string
  count: number
  errors: number
  totalMs: number
  maxMs: number
}

/** Upper bounds of the histogram's buckets in milliseconds: powers of the square root of two from 1 µs on. */
const buckets = Array.from({ length: 64 }, (_, i) => 0.001 * 2 ** (i / 2))

/** Counts and times of the statements that went through one handle. Parameter values are never kept. */
export class Meter {
  /** Called for each statement that took longer than `slowMs`, with its text, `?` for each value. */
  onSlow: (query: string, durationMs: number) => void = () => {}
  readonly #slowMs: number
  readonly #sites = new Map<readonly string[], StatementStats>()
  readonly #histogram = new Uint32Array(buckets.length + 1)

  constructor(slowMs: number) {
    this.#slowMs = slowMs
  }

  record(query: Sql, durationMs: number, failed: boolean): void {
    const stats = this.#stats(query)
    stats.count++
    if (failed) stats.errors++
    stats.totalMs += durationMs
    stats.maxMs = Math.max(stats.maxMs, durationMs)
    const bucket = Math.ceil(2 * Math.log2(Math.max(durationMs, 0.001) * 1000))
    this.#histogram[Math.min(bucket, buckets.length)]! += 1
    if (durationMs >= this.#slowMs) this.onSlow(stats.query, durationMs)
  }

  /** The statements, most time first. */
  statements(): StatementStats[] {
    return [...this.#sites.values()].map(stats => ({ ...stats })).sort((a, b) => b.totalMs - a.totalMs)
  }

  /** The duration that a share `q` (0 to 1) of all statements stayed within, up to a factor of √2; 0 if none ran. */
  percentileMs(q: number): number {
    const total = this.#histogram.reduce((sum, count) => sum + count, 0)
    let seen = 0
    const bucket = this.#histogram.findIndex(count => (seen += count) >= Math.max(1, q * total))
    return buckets[bucket] ?? 0
  }

  #stats(query: Sql): StatementStats {
    const known = this.#sites.get(query.strings)
    if (known !== undefined) return known
    const stats = { query: textOf(query), count: 0, errors: 0, totalMs: 0, maxMs: 0 }
    this.#sites.set(query.strings, stats)
    return stats
  }
}

/** The same database, with every statement timed as its caller sees it: waiting for the commit included. */
export function instrument(db: Db, meter: Meter): Db {
  const timed = async <T>(query: Sql, run: () => Promise<T>): Promise<T> => {
    const start = performance.now()
    let failed = true
    try {
      const result = await run()
      failed = false
      return result
    } finally {
      meter.record(query, performance.now() - start, failed)
    }
  }
  return {
    dialect: db.dialect,
    all: query => timed(query, () => db.all(query)),
    query: (text, params) => timed(new Sql([text], []), () => db.query(text, params)),
    execute: (text, params) => timed(new Sql([text], []), () => db.execute(text, params)),
    transaction: (fn, options?: TransactionOptions) => db.transaction(tx => fn(instrument(tx, meter)), options),
    ...(db.version !== undefined && { version: () => db.version?.() ?? Promise.resolve(undefined) }),
  }
}

function textOf(query: Sql): string {
  const text = query.params.reduce<string>(
    (head, param, i) => head + (param instanceof Sql ? textOf(param) : '?') + query.strings[i + 1],
    query.strings[0] ?? '',
  )
  return text.replace(/\s+/g, ' ').trim()
}
