import type { Context } from '../context.ts'
import type { Json } from '../util/json.ts'
export interface NewAgent { id: string; type: string; capabilities?: readonly string[]; swarmId?: string }
export interface Agent { id: string }
export class Agents {
  readonly #context: Context
  constructor(context: Context) {
    this.#context = context
  }
  stub(): Context {
    return this.#context
  }
  async register(_agent: NewAgent): Promise<Agent> { throw new Error('not built') }
  async storeMemory(_agentId: string, _key: string, _value: unknown): Promise<void> { throw new Error('not built') }
  j(): Json { return null }
}
