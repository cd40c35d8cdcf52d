import { AsyncLocalStorage } from 'node:async_hooks'
import { Closed, InvalidInput } from '../../errors.ts'

const current = new AsyncLocalStorage<Scope>()

/** One open transaction or savepoint, and what its callback's asynchronous context may touch. */
export class Scope {
  /** The store it is open on: another store may be used freely inside. */
  readonly store: object
  readonly depth: number
  /** The scope whose callback opened this one, of any store. */
  readonly #outer = current.getStore()
  #open = true
  #inner: Promise<unknown> | undefined

  constructor(store: object, depth: number) {
    this.store = store
    this.depth = depth
  }

  /** Runs the callback so that everything it starts is known to be inside. */
  enter<T>(fn: () => Promise<T>): Promise<T> {
    return current.run(this, fn)
  }

  /** Runs inner scopes one after another: interleaved savepoints would undo each other. */
  inTurn<T>(fn: () => Promise<T>): Promise<T> {
    const turn = this.#inner === undefined ? fn() : this.#inner.then(fn)
    this.#inner = turn.catch(() => {})
    return turn
  }

  get hasInner(): boolean {
    return this.#inner !== undefined
  }

  /** Resolves when no inner scope is open. */
  async innerEnded(): Promise<void> {
    while (this.#inner !== undefined) {
      const seen = this.#inner
      await seen
      if (seen === this.#inner) this.#inner = undefined
    }
  }

  end(): void {
    this.#open = false
  }

  /**
   * Throws when a handle of `store` may not be used here: inside a transaction's callback only the innermost
   * handle may be, since any other would wait for the transaction that waits for it.
   */
  static check(store: object, self?: Scope): void {
    if (self !== undefined && !self.#open) throw new Closed('the transaction of this handle has ended')
    for (let scope = current.getStore(); scope !== undefined; scope = scope.#outer) {
      if (scope.store !== store || !scope.#open) continue
      if (scope === self) return
      throw misuse()
    }
  }
}

function misuse(): InvalidInput {
  return new InvalidInput(
    'another handle of the store was used inside a transaction, where it would wait for itself',
    { hint: 'Use the handle that the callback receives: memory.transaction(async tx => tx.store(…)).' },
    'transaction_misuse',
  )
}
