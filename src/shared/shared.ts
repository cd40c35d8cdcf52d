import type { Context } from '../context.ts'
import type { Json } from '../util/json.ts'
export interface UpdateSharedOptions { updatedBy?: string | undefined; expectedVersion?: number | undefined }
export interface SharedEntry { key: string; value: Json; version: number }
export class SharedState {
  readonly #context: Context
  constructor(context: Context) {
    this.#context = context
  }
  stub(): Context {
    return this.#context
  }
  async update(_key: string, _value: unknown, _options?: UpdateSharedOptions): Promise<SharedEntry> { throw new Error('not built') }
}
