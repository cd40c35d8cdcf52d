import type { Worker } from 'node:worker_threads'

/** Runs `work` when it is its turn among the writes of a store in this process. */
export type InTurn = (work: () => Promise<void>) => Promise<void>

/**
 * The turns of a worker among the writes of this process. At SQLite's lock alone the worker would starve: it looks
 * for the lock only so often, and a process that writes without a pause has it at nearly every look.
 */
export class Turns {
  readonly #worker: Worker
  readonly #inTurn: InTurn
  #end = () => {}

  constructor(worker: Worker, inTurn: InTurn = work => work()) {
    this.#worker = worker
    this.#inTurn = inTurn
  }

  /** The worker wants a turn, and gets an answer when it has come. */
  begin(): void {
    const { promise: ended, resolve } = Promise.withResolvers<void>()
    this.#end = resolve
    const go = () => {
      this.#worker.postMessage('go')
      return ended
    }
    // A store that was closed meanwhile has no writes that the worker could wait for.
    this.#inTurn(go).catch(go)
  }

  /** The worker's turn is over, or the worker is. */
  end(): void {
    this.#end()
  }
}
