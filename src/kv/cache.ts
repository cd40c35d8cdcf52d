import type { Db } from '../db/db.ts'

/** What the cache keeps of a record: its JSON, parsed anew for every reader, and when it ends. */
export interface CachedValue {
  readonly value: string
  readonly expiresAtMs: number | undefined
}

type Load = () => Promise<CachedValue | undefined>

/** Larger values gain little from a cache and would push out many small ones. */
const maxEntryBytes = 64 * 1024

/**
 * Values that the handles of a store have read lately, never stale: every answer is checked against the store's version, which moves with each
 * commit of any process, and a new version empties the cache. Least recently used values leave first.
 */
export class ReadCache {
  readonly #maxBytes: number
  readonly #onLookup: (isHit: boolean) => void
  readonly #entries = new Map<string, CachedValue | undefined>()
  #bytes = 0
  #version: unknown

  /**
   * @param maxBytes how much it keeps; 0 turns it off
   * @param onLookup hears of each lookup whether memory had the answer
   */
  constructor(maxBytes: number, onLookup: (isHit: boolean) => void) {
    this.#maxBytes = maxBytes
    this.#onLookup = onLookup
  }

  /** The value at `address`, from memory or by `load`, as of a moment within this call. */
  async get(db: Db, address: string, load: Load): Promise<CachedValue | undefined> {
    if (this.#maxBytes === 0 || !db.supports.version) return load()
    const version = await db.version()
    if (version !== this.#version) this.#reset(version)
    const isHit = this.#entries.has(address)
    this.#onLookup(isHit)
    if (isHit) return this.#touch(address)
    const found = await load()
    // After a newer version was seen, what was read under this one may be out of date.
    if (version === this.#version) this.#put(address, found)
    return found
  }

  #reset(version: unknown): void {
    this.#entries.clear()
    this.#bytes = 0
    this.#version = version
  }

  #touch(address: string): CachedValue | undefined {
    const entry = this.#entries.get(address)
    this.#entries.delete(address)
    this.#entries.set(address, entry)
    return entry
  }

  #put(address: string, entry: CachedValue | undefined): void {
    const bytes = size(address, entry)
    if (bytes > maxEntryBytes || this.#entries.has(address)) return
    this.#entries.set(address, entry)
    this.#bytes += bytes
    for (const [oldest, value] of this.#entries) {
      if (this.#bytes <= this.#maxBytes) return
      this.#entries.delete(oldest)
      this.#bytes -= size(oldest, value)
    }
  }
}

/** Strings take up to two bytes a character; the constant stands for the map's own upkeep. */
function size(address: string, entry: CachedValue | undefined): number {
  return 2 * (address.length + (entry?.value.length ?? 0)) + 100
}
