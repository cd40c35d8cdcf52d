import type { Context } from '../context.ts'
import type { Json } from '../util/json.ts'

export class Locks {
  readonly #context: Context
  constructor(context: Context) {
    this.#context = context
  }
  stub(): Context {
    return this.#context
  }
  j(): Json { return null }
}
