import type { Context } from '../context.ts'
import type { Json } from '../util/json.ts'
export interface NewEvent { type: string; source?: string | undefined; data?: unknown }
export interface EventRecord { id: number }
export class Events {
  readonly #context: Context
  constructor(context: Context) {
    this.#context = context
  }
  stub(): Context {
    return this.#context
  }
  async log(_event: NewEvent): Promise<EventRecord> { throw new Error('not built') }
  j(): Json { return null }
}
