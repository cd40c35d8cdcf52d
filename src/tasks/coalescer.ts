interface Waiting<T> {
  readonly item: T
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/** As many as one call takes. */
const maxItems = 1_000

/** Does together what is asked for in one turn of the event loop, and tells each caller of its own part. */
export class Coalescer<T> {
  readonly #run: (items: readonly T[]) => Promise<readonly (Error | undefined)[]>
  #waiting: Waiting<T>[] = []

  /** @param run does them all; returns for each what went wrong, if anything did */
  constructor(run: (items: readonly T[]) => Promise<readonly (Error | undefined)[]>) {
    this.#run = run
  }

  add(item: T): Promise<void> {
    if (this.#waiting.length === 0) setImmediate(() => this.#flush())
    return new Promise((resolve, reject) => this.#waiting.push({ item, resolve, reject }))
  }

  async #flush(): Promise<void> {
    const batch = this.#waiting.splice(0, maxItems)
    if (this.#waiting.length > 0) setImmediate(() => this.#flush())
    try {
      const errors = await this.#run(batch.map(({ item }) => item))
      for (const [i, { resolve, reject }] of batch.entries()) {
        if (errors[i] === undefined) resolve()
        else reject(errors[i])
      }
    } catch (error) {
      for (const { reject } of batch) reject(error)
    }
  }
}
