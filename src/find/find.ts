import type { Context } from '../context.ts'
import type { Json } from '../util/json.ts'
export interface FindOptions { limit?: number | undefined }
export interface Found { score: number }
export class Find {
  readonly #context: Context
  constructor(context: Context) {
    this.#context = context
  }
  stub(): Context {
    return this.#context
  }
  async find(_t: string, _o?: FindOptions): Promise<Found[]> { throw new Error('not built') }
  j(): Json { return null }
}
