import { Sql } from './sql.ts'

/** What is known of one statement since the handle was opened. Durations in milliseconds. */
export interface StatementStats {
  query: string
  count: number
  errors: number
  totalMs: number
  maxMs: number
}

/** Statements with texts of their own come and go without end; the first so many are told apart. */
const maxStatements = 1000

/** Upper bounds of the histogram's buckets in milliseconds: powers of the square root of two from 1 µs on. */
const buckets = Array.from({ length: 64 }, (_, i) => 0.001 * 2 ** (i / 2))

/** Counts and times of the statements that went through one handle. Parameter values are never kept. */
export class Meter {
  /** Called for each statement that took longer than `slowMs`, with its text, `?` for each value. */
  onSlow: (query: string, durationMs: number) => void = () => {}
  /** How often the read cache had the answer, and how often it had not. */
  readonly lookups = { hits: 0, misses: 0 }
  readonly #slowMs: number
  readonly #sites = new Map<readonly string[], StatementStats>()
  /** Statements of the owner and of fragments have no site of their own: the text is their key. */
  readonly #texts = new Map<string, StatementStats>()
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
    const at = Math.min(bucket, buckets.length)
    this.#histogram[at] = (this.#histogram[at] ?? 0) + 1
    // A call site may write several statements; those of one site are counted together, under the text of the first.
    if (durationMs >= this.#slowMs) this.onSlow(textOf(query), durationMs)
  }

  countLookup(isHit: boolean): void {
    if (isHit) this.lookups.hits++
    else this.lookups.misses++
  }

  /** The statements, most time first. */
  statements(): StatementStats[] {
    return [...this.#texts.values()].map(stats => ({ ...stats })).sort((a, b) => b.totalMs - a.totalMs)
  }

  /** The duration that a share `q` (0 to 1) of all statements stayed within, up to a factor of √2; 0 if none ran. */
  percentileMs(q: number): number {
    const total = this.#histogram.reduce((sum, count) => sum + count, 0)
    let missing = Math.max(1, q * total)
    for (const [i, upperMs] of buckets.entries()) {
      missing -= this.#histogram[i] ?? 0
      if (missing <= 0) return upperMs
    }
    return 0
  }

  #stats(query: Sql): StatementStats {
    const known = this.#sites.get(query.strings)
    if (known !== undefined) return known
    const text = textOf(query)
    const stats = this.#texts.get(text) ?? { query: text, count: 0, errors: 0, totalMs: 0, maxMs: 0 }
    if (this.#texts.size < maxStatements) this.#texts.set(text, stats)
    if ('raw' in query.strings) this.#sites.set(query.strings, stats)
    return stats
  }
}

function textOf(query: Sql): string {
  const text = query.params.reduce<string>(
    (head, param, i) => head + (param instanceof Sql ? textOf(param) : '?') + query.strings[i + 1],
    query.strings[0] ?? '',
  )
  return text.replace(/\s+/g, ' ').trim()
}
