import type { Context } from '../context.ts'
import type { Json } from '../util/json.ts'
export interface SaveWorkflowOptions { workflowType?: string | undefined; checkpoint?: unknown }
export interface WorkflowRecord { id: string; state: Json }
export class Workflows {
  readonly #context: Context
  constructor(context: Context) {
    this.#context = context
  }
  stub(): Context {
    return this.#context
  }
  async save(_id: string, _state: unknown, _options?: SaveWorkflowOptions): Promise<WorkflowRecord> { throw new Error('not built') }
  async get(_id: string): Promise<WorkflowRecord | undefined> { throw new Error('not built') }
}
