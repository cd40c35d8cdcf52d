import type { Context } from '../context.ts'
import type { Json } from '../util/json.ts'
import type { Page } from '../util/page.ts'
export interface NewPattern { id: string; type: string; patternData: unknown; confidence?: number | undefined }
export interface Pattern { id: string; confidence: number }
export interface PatternFilter { type?: string | undefined; minConfidence?: number | undefined; limit?: number | undefined }
export class Patterns {
  readonly #context: Context
  constructor(context: Context) {
    this.#context = context
  }
  stub(): Context {
    return this.#context
  }
  async store(_p: NewPattern): Promise<Pattern> { throw new Error('not built') }
  async list(_f?: PatternFilter): Promise<Page<Pattern>> { throw new Error('not built') }
  j(): Json { return null }
}
