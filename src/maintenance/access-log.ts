import type { Db } from '../db/db.ts'
import { join, sql } from '../db/sql.ts'
import type { Clock } from '../util/clock.ts'
import { outsideAsyncContext } from '../util/outside-async-context.ts'

/** How long counts wait in memory, in milliseconds: the most that a kill can lose. */
const flushAfterMs = 5_000

/** Different keys and minutes in memory; more are flushed without waiting. */
const maxPending = 10_000

const rowsPerStatement = 100

/**
 * Counts reads per key and minute: in memory at once, in the store every few seconds, so that reads stay
 * reads.
 */
export class AccessLog {
  readonly #db: Db
  readonly #clock: Clock
  readonly #onError: (error: unknown) => void
  /** Reads by `minute namespace NUL key`. */
  #pending = new Map<string, number>()
  #timer: NodeJS.Timeout | undefined

  constructor(db: Db, clock: Clock, onError: (error: unknown) => void) {
    this.#db = db
    this.#clock = clock
    this.#onError = onError
  }

  count(namespace: string, key: string): void {
    this.#add(`${Math.floor(this.#clock.now() / 60_000)} ${namespace}\0${key}`, 1)
    if (this.#pending.size > maxPending) this.#schedule(0)
    else if (this.#timer === undefined) this.#schedule(flushAfterMs)
  }

  /**
   * Resolves when every read counted so far is in the store. When that fails the counts stay, for the next
   * time.
   */
  async flush(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const counts = this.#pending
    this.#pending = new Map()
    try {
      if (counts.size > 0) await this.#write([...counts])
    } catch (error) {
      for (const [address, reads] of counts) this.#add(address, reads)
      throw error
    }
  }

  /** Flushes for the last time; a failure is reported, since it must not keep the store from closing. */
  async close(): Promise<void> {
    await this.flush().catch(this.#onError)
    clearTimeout(this.#timer)
  }

  #add(address: string, reads: number): void {
    this.#pending.set(address, (this.#pending.get(address) ?? 0) + reads)
  }

  #schedule(ms: number): void {
    clearTimeout(this.#timer)
    this.#timer = outsideAsyncContext(() => setTimeout(() => this.#flushLater(), ms).unref())
  }

  async #flushLater(): Promise<void> {
    try {
      await this.flush()
    } catch (error) {
      this.#onError(error)
      this.#schedule(flushAfterMs)
    }
  }

  #write(counts: [string, number][]): Promise<void> {
    return this.#db.transaction(async tx => {
      for (let from = 0; from < counts.length; from += rowsPerStatement) {
        const rows = counts.slice(from, from + rowsPerStatement).map(toRow)
        await tx.all(
          sql`insert into hivewax_access (minute, namespace, key, reads) values ${join(rows)}
              on conflict (minute, namespace, key)
              do update set reads = hivewax_access.reads + excluded.reads`,
        )
      }
    })
  }
}

function toRow([address, reads]: [string, number]) {
  const space = address.indexOf(' ')
  const end = address.indexOf('\0')
  const minute = minuteText(Number(address.slice(0, space)) * 60_000)
  return sql`(${minute}, ${address.slice(space + 1, end)}, ${address.slice(end + 1)}, ${reads})`
}

/** The minute of a moment, UTC, as `hivewax_access` names it: `YYYY-MM-DD HH:MM`. */
export function minuteText(ms: number): string {
  return new Date(ms).toISOString().slice(0, 16).replace('T', ' ')
}
