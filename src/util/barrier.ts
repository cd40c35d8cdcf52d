/** Lets some things go first, and others wait for them. */
export class Barrier {
  readonly #ahead = new Set<Promise<void>>()

  /** Runs `first`. Whoever asks {@link passed} from now on waits until it is over, however it ends. */
  goFirst<T>(first: () => Promise<T>): Promise<T> {
    const running = first()
    const ended = running.then(
      () => {},
      () => {},
    )
    const over: Promise<void> = ended.then(() => void this.#ahead.delete(over))
    this.#ahead.add(over)
    return running
  }

  /** Resolves when all is over that went first until now. */
  async passed(): Promise<void> {
    if (this.#ahead.size > 0) await Promise.all(this.#ahead)
  }
}
