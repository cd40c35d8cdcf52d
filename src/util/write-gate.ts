/** Lets a read go before the writes that are asked for after it, where these may take other connections. */
export class WriteGate {
  readonly #reads = new Set<Promise<void>>()

  /** Runs `read`. A write that asks {@link ready} from now on waits until the read is over, however it ends. */
  readFirst<T>(read: () => Promise<T>): Promise<T> {
    const reading = read()
    const ended = reading.then(
      () => {},
      () => {},
    )
    const over: Promise<void> = ended.then(() => void this.#reads.delete(over))
    this.#reads.add(over)
    return reading
  }

  /** Resolves when a write may begin: all reads are over that went first until now. */
  async ready(): Promise<void> {
    if (this.#reads.size > 0) await Promise.all(this.#reads)
  }
}
