import type { Client } from 'pg'
import { outsideAsyncContext } from '../../util/outside-async-context.ts'

/** How long a notification may take to arrive in the self-test, in milliseconds. */
const testMs = 3_000

/** How long to leave a server alone that broke the connection, and one that does not notify, in milliseconds. */
const brokenMs = 500
const deafMs = 60_000

/** What the driver's clients have and its types do not tell. */
export interface Listening extends Client {
  /** The server's process behind the connection. */
  readonly processID: number | null
  /** The process may end although the connection is open. */
  unref(): void
  ref(): void
}

/** Notifies a channel, without the wait for the disk that a commit is: a notification that is lost does no harm. */
export function notifying(channel: string): string {
  return `begin; set local synchronous_commit = off; notify ${channel}; commit`
}

/** How the listener reaches its server. */
export interface Wire {
  /** A connection that is not open yet. */
  connect(): Listening
  /** Notifies `channel` on a connection of the pool. */
  notify(): Promise<void>
}

/**
 * A connection that hears when other processes notify `channel`. Nothing may depend on it: notifications get lost
 * when connections break, and some servers and proxies (CockroachDB, PgBouncer in transaction mode) have none,
 * which a test at its start finds out.
 */
export class Listener {
  readonly #wire: Wire
  readonly #channel: string
  readonly #heard: () => void
  #client: Listening | undefined
  #opening: Promise<void> | undefined
  #hears = false
  #startAt = 0
  #closed = false

  /**
   * @param channel an SQL identifier
   * @param heard called at a notification, and whenever some may have been missed
   */
  constructor(wire: Wire, channel: string, heard: () => void) {
    this.#wire = wire
    this.#channel = channel
    this.#heard = heard
  }

  /** True while the connection is known to hear. */
  get hears(): boolean {
    return this.#hears
  }

  /** Opens the connection in the background, unless it is open or failed a moment ago. */
  start(): void {
    if (this.#client !== undefined || this.#opening !== undefined || this.#closed) return
    if (performance.now() < this.#startAt) return
    this.#opening = outsideAsyncContext(() => this.#open()).finally(() => {
      this.#opening = undefined
    })
  }

  /** Notifies the other processes; this one does not hear it when its connection is up. */
  async notify(): Promise<void> {
    const client = this.#client
    if (!this.#hears || client === undefined) return this.#wire.notify()
    // Closing the store waits for this, and nothing else may be left that keeps the process alive.
    client.ref()
    try {
      await client.query(notifying(this.#channel))
    } finally {
      client.unref()
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#drop(this.#client, 0)
    await this.#opening
  }

  async #open(): Promise<void> {
    try {
      const client = this.#wire.connect()
      this.#client = client
      client.on('error', () => this.#drop(client, brokenMs))
      client.on('end', () => this.#drop(client, brokenMs))
      const ended = new Promise<void>(resolve => {
        client.once('end', () => resolve())
      })
      // The driver leaves without an answer who is still connecting when the client is ended.
      await Promise.race([client.connect(), ended])
      if (this.#client !== client) return
      await client.query(`listen ${this.#channel}`)
      const works = await this.#test(client)
      if (this.#client !== client) return
      if (!works) return this.#drop(client, deafMs)
      client.on('notification', ({ processId }) => {
        if (processId !== client.processID) this.#heard()
      })
      client.unref()
      this.#hears = true
      this.#heard()
    } catch {
      // Those who wait look on their own until it works again.
      this.#drop(this.#client, brokenMs)
    }
  }

  /** Another connection notifies: one that shares its place with others, as proxies let them, would not hear it. */
  async #test(client: Listening): Promise<boolean> {
    const arrived = new Promise<boolean>(resolve => {
      client.once('notification', () => resolve(true))
      client.once('end', () => resolve(false))
      setTimeout(() => resolve(false), testMs).unref()
    })
    await this.#wire.notify()
    return arrived
  }

  #drop(client: Listening | undefined, restMs: number): void {
    if (client === undefined || this.#client !== client) return
    this.#client = undefined
    this.#hears = false
    this.#startAt = performance.now() + restMs
    // It may be broken already, and then has nothing to say.
    client.end().catch(() => {})
    this.#heard()
  }
}
