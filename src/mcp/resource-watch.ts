import { createHash } from 'node:crypto'
import { HivewaxError } from '../errors.ts'
import { Poller } from '../util/poller.ts'

/** How often watched records are looked at, in milliseconds. */
const intervalMs = 250

/** How many records one client may watch. */
const maxWatched = 200

/**
 * Notifies when what is at an address has changed, whichever process changed it. It polls: for one or
 * several changes between two looks it notifies once.
 */
export class ResourceWatch {
  readonly #read: (uri: string) => Promise<string>
  readonly #notify: (uri: string) => void
  /** What was seen last, by address. */
  readonly #seen = new Map<string, string>()
  readonly #count = new Map<string, number>()
  readonly #poller = new Poller(() => this.#lookAtAll())

  /**
   * @param read what is at an address
   * @param notify is called with the address of what has changed
   */
  constructor(read: (uri: string) => Promise<string>, notify: (uri: string) => void) {
    this.#read = read
    this.#notify = notify
  }

  /** Watches an address once more; it notifies of changes from the moment it resolves. Too many are not watched. */
  async add(uri: string): Promise<void> {
    if (!this.#count.has(uri) && this.#count.size >= maxWatched) return
    this.#count.set(uri, (this.#count.get(uri) ?? 0) + 1)
    const now = this.#seen.get(uri) ?? (await this.#look(uri)) ?? ''
    if (this.#count.has(uri)) this.#seen.set(uri, this.#seen.get(uri) ?? now)
    if (this.#count.size > 0) this.#poller.within(intervalMs)
  }

  /** Takes back one `add`. */
  remove(uri: string): void {
    const left = (this.#count.get(uri) ?? 1) - 1
    if (left > 0) this.#count.set(uri, left)
    else {
      this.#count.delete(uri)
      this.#seen.delete(uri)
    }
  }

  close(): void {
    this.#count.clear()
    this.#seen.clear()
    this.#poller.stop()
  }

  async #lookAtAll(): Promise<number | undefined> {
    for (const [uri, before] of [...this.#seen]) {
      const now = await this.#look(uri)
      if (now === undefined || now === before || this.#seen.get(uri) !== before) continue
      this.#seen.set(uri, now)
      this.#notify(uri)
    }
    return this.#count.size > 0 ? intervalMs : undefined
  }

  /** A digest of what is there, or why there is nothing to see; undefined when only a later look can find out. */
  async #look(uri: string): Promise<string | undefined> {
    try {
      return createHash('sha256')
        .update(await this.#read(uri))
        .digest('base64')
    } catch (error) {
      if (error instanceof HivewaxError && error.retryable) return undefined
      // A client that is notified reads it, and gets this very error.
      return `error: ${error instanceof Error ? error.message : String(error)}`
    }
  }
}
