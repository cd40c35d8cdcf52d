import type { Client } from 'pg'
import type { Row } from '../db.ts'
import { answerLimits, answerTooLarge } from '../foreign-statements.ts'
import type { ForeignAccess } from './access.ts'
import { type Cancellable, cancel } from './cancel.ts'
import { type ForeignStatement, readAll } from './cursor.ts'
import { assertOnlyReads } from './reader-role.ts'
import { beginReading } from './timeouts.ts'

type Driver = typeof import('pg')

/** How one statement runs. */
interface ForeignRun extends ForeignAccess {
  /** Its answer is bounded, see {@link answerLimits}, and so is its time on the server. */
  readonly timeoutMs: number | undefined
  /** Ends it when it aborts. */
  readonly limit: AbortSignal | undefined
}

/**
 * Runs a statement of a caller's own on a connection of its own, which has never run another one and is closed after
 * it: whatever the statement does to its session ends with it, and none of ours is ever run there.
 */
export async function readApart(pg: Driver, statement: ForeignStatement, run: ForeignRun): Promise<Row[]> {
  const client = new pg.Client(run.config)
  // One that breaks says so to what is asked of it.
  client.on('error', () => {})
  try {
    await client.connect()
    return await new Reading(pg, client, run).read(statement)
  } finally {
    await client.end().catch(() => {})
  }
}

/** One statement that runs on its connection. */
class Reading {
  readonly #pg: Driver
  readonly #client: Client
  readonly #run: ForeignRun
  /** Why it was stopped. */
  #stopped: { why: unknown } | undefined

  constructor(pg: Driver, client: Client, run: ForeignRun) {
    this.#pg = pg
    this.#client = client
    this.#run = run
  }

  async read(statement: ForeignStatement): Promise<Row[]> {
    const { limit, timeoutMs, isGuest } = this.#run
    const isBounded = timeoutMs !== undefined
    const end = () => void this.#stop(limit?.reason)
    limit?.throwIfAborted()
    limit?.addEventListener('abort', end)
    try {
      await this.#client.query(beginReading(timeoutMs))
      if (isGuest) await assertOnlyReads(this.#client)
      if (isBounded) this.#boundAnswer()
      return await readAll(this.#client, statement, isBounded)
    } catch (error) {
      throw this.#stopped === undefined ? error : this.#stopped.why
    } finally {
      limit?.removeEventListener('abort', end)
    }
  }

  /** Counts what arrives, before it is a row: a single one may be as large as a server can make it. */
  #boundAnswer(): void {
    const { stream } = this.#client.connection
    let left = answerLimits.characters
    stream.on('data', (chunk: Buffer) => {
      left -= chunk.length
      if (left < 0) void this.#stop(answerTooLarge(`${answerLimits.characters} bytes`))
    })
  }

  /** Has the server end the statement, and then breaks the connection, of which nothing more is read. */
  async #stop(why: unknown): Promise<void> {
    if (this.#stopped !== undefined) return
    this.#stopped = { why }
    const { stream } = this.#client.connection
    stream.pause()
    try {
      await cancel(this.#client as Client & Cancellable, new this.#pg.Client(this.#run.config))
    } finally {
      stream.destroy()
    }
  }
}
