import type { ClientConfig, Pool, PoolClient } from 'pg'
import { Busy } from '../../errors.ts'
import { unlessAborted } from '../../util/signals.ts'
import { within } from '../../util/within.ts'
import { isUnfit, noneFree, notLetIn } from './translate-error.ts'
import type { Wait } from './wait-limit.ts'

type Driver = typeof import('pg')

export interface ConnectionsOptions {
  /** How many at most. */
  max: number
  /** Where they lead to, without secrets. */
  url: string
}

/** How long a server may take to let us in, in milliseconds: one that is not reached is tried again before long. */
export const connectTimeoutMs = 2_000

/** A pool of which no connection came free for a shorter time, in milliseconds, may be busy with quick calls. */
const minStuckMs = 100

/** The pool of a store; a call waits for it no longer than it may wait in all. */
export class Connections {
  readonly #pool: Pool
  readonly #max: number
  readonly #url: string
  /** When a connection was last given back by a call that had got on with it. */
  #movedAt = Number.NEGATIVE_INFINITY

  constructor(pg: Driver, config: ClientConfig, { max, url }: ConnectionsOptions) {
    const { connectionTimeoutMillis, ...rest } = config
    // The pool would count the wait for a free connection too, which does not mean trouble.
    class Client extends pg.Client {
      constructor(own?: ClientConfig) {
        super({ ...own, connectionTimeoutMillis })
        // One that breaks while nothing is asked of it says so here; what is asked of it next fails.
        this.on('error', () => {})
        // The driver leaves the connection open where the server wants a password that there is not.
        this.connection.once('error', () => this.connection.stream.destroy())
      }
    }
    this.#pool = new pg.Pool({ ...rest, max, allowExitOnIdle: true, Client })
    // A connection that breaks while it is idle is replaced when it is needed.
    this.#pool.on('error', () => {})
    this.#max = max
    this.#url = url
  }

  /** A connection, to be given back. */
  async take(wait: Wait): Promise<PoolClient> {
    wait.signal?.throwIfAborted()
    const { idleCount, waitingCount, totalCount } = this.#pool
    const isFull = totalCount >= this.#max
    const connecting = this.#pool.connect()
    if (idleCount > waitingCount) return connecting
    try {
      const waiting = isFull ? this.#untilStuck(connecting, wait) : untilLate(connecting, wait)
      const client = await unlessAborted(waiting, wait.signal)
      if (client !== undefined) return client
      throw isFull ? noneFree(this.#max, wait.timeoutMs, this.#url) : notLetIn(this.#url)
    } catch (error) {
      // The pool does not learn that no call waits any more.
      connecting.then(
        late => late.release(),
        () => {},
      )
      throw error
    }
  }

  /**
   * Gives a connection back. One that broke is not used again.
   * @param error what the call that had it failed with
   * @param isSpent true to close it in any case
   */
  giveBack(client: PoolClient, error: unknown, isSpent = false): void {
    // A call that has waited in vain does not mean that those behind it will get one.
    if (!(error instanceof Busy)) this.#movedAt = performance.now()
    client.release(isSpent || isUnfit(error))
  }

  end(): Promise<void> {
    return this.#pool.end()
  }

  /** Waits as long as others give theirs back: a queue that moves does not mean trouble, however long it is. */
  async #untilStuck(connecting: Promise<PoolClient>, wait: Wait): Promise<PoolClient | undefined> {
    for (;;) {
      const client = await within(connecting, Math.max(wait.leftMs, minStuckMs))
      const hasMoved = this.#movedAt > wait.countedFrom
      if (hasMoved) wait.countFrom(this.#movedAt)
      if (client !== undefined || !hasMoved) return client
    }
  }
}

/** A server has its time to let us in, however short the calls are to wait. */
function untilLate(connecting: Promise<PoolClient>, wait: Wait): Promise<PoolClient | undefined> {
  return within(connecting, Math.max(wait.leftMs, connectTimeoutMs - wait.elapsedMs))
}
