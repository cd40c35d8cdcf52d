import type { Context } from '../context.ts'
import type { Json } from '../util/json.ts'
export interface CreateSessionOptions { ttl?: number | undefined; id?: string | undefined }
export class Sessions {
  readonly #context: Context
  constructor(context: Context) {
    this.#context = context
  }
  stub(): Context {
    return this.#context
  }
  async create(_data: unknown, _options?: CreateSessionOptions): Promise<string> { throw new Error('not built') }
  async resume(_id: string): Promise<Json | undefined> { throw new Error('not built') }
  async update(_id: string, _patch: Record<string, unknown>): Promise<Json> { throw new Error('not built') }
}
