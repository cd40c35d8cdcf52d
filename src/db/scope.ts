import { AsyncLocalStorage } from 'node:async_hooks'
import { Closed, InvalidInput } from '../errors.ts'
import { Semaphore } from '../util/semaphore.ts'

const current = new AsyncLocalStorage<Scope>()

/** One open transaction or savepoint, and what its callback's asynchronous context may touch. */
export class Scope {
  /** The store it is open on: another store may be used freely inside. */
  readonly store: object
  readonly depth: number
  /** The transaction or savepoint that this one is a part of, and ends with. */
  readonly #parent: Scope | undefined
  /** The scope whose callback opened this one, of any store. */
  readonly outer: Scope | undefined = innermostOpen()
  /** Inner scopes run one after another: interleaved savepoints would undo each other. */
  readonly inner = new Semaphore(1)
  #open = true

  constructor(store: object, parent?: Scope) {
    this.store = store
    this.#parent = parent
    this.depth = (parent?.depth ?? 0) + 1
  }

  get isOpen(): boolean {
    return this.#open && (this.#parent?.isOpen ?? true)
  }

  /** Runs the callback so that everything it starts is known to be inside. */
  enter<T>(fn: () => Promise<T>): Promise<T> {
    return current.run(this, fn)
  }

  end(): void {
    this.#open = false
  }

  assertOpen(): void {
    if (!this.isOpen) throw new Closed('the transaction of this handle has ended')
  }

  /**
   * Throws when a handle of `store` may not be used here: inside a transaction's callback only the innermost
   * handle may be, since any other would wait for the transaction that waits for it.
   */
  static check(store: object, self?: Scope): void {
    self?.assertOpen()
    for (let scope = current.getStore(); scope !== undefined; scope = scope.outer) {
      if (scope.store !== store || !scope.isOpen) continue
      if (scope === self) return
      throw misuse()
    }
  }
}

/** Scopes that have ended are passed over: else each would keep the one before it in memory for ever. */
function innermostOpen(): Scope | undefined {
  let scope = current.getStore()
  while (scope !== undefined && !scope.isOpen) scope = scope.outer
  return scope
}

function misuse(): InvalidInput {
  return new InvalidInput(
    'another handle of the store was used inside a transaction, where it would wait for itself',
    { hint: 'Use the handle that the callback receives: memory.transaction(async tx => tx.store(…)).' },
    'transaction_misuse',
  )
}
