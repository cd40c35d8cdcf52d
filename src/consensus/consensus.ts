import type { Context } from '../context.ts'
import type { Json } from '../util/json.ts'
export interface Proposal { value: unknown; proposer?: string | undefined; acceptors?: readonly string[] | undefined }
export interface ConsensusState { key: string; acceptors: string[] }
export class Consensus {
  readonly #context: Context
  constructor(context: Context) {
    this.#context = context
  }
  stub(): Context {
    return this.#context
  }
  async propose(_key: string, _p: Proposal): Promise<ConsensusState> { throw new Error('not built') }
  async get(_key: string): Promise<ConsensusState | undefined> { throw new Error('not built') }
  j(): Json { return null }
}
