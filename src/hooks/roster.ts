import { Conflict, NotFound } from '../errors.ts'
import type { Transaction } from '../transaction.ts'
import type { Json } from '../util/json.ts'

/** How long an agent counts as alive without a sign of life, in seconds: a person may think for hours. */
const ttl = 24 * 3_600

/** An agent that works in a session: the session itself, or a subagent of it. */
export interface Worker {
  readonly id: string
  readonly type: string
  readonly metadata: Json
}

/** Registers an agent; for one that is there already, a sign of life. */
export async function arrive(memory: Transaction, { id, type, metadata }: Worker): Promise<void> {
  try {
    await memory.agents.heartbeat(id)
  } catch (error) {
    if (!(error instanceof NotFound)) throw error
    await memory.agents.register({ id, type, metadata, ttl })
  }
}

/** Takes an agent that has ended out of the registry; one that leaves memory or leases behind stays, as ended. */
export async function leave(memory: Transaction, id: string): Promise<void> {
  try {
    await memory.agents.delete(id)
  } catch (error) {
    if (!(error instanceof Conflict)) throw error
    await memory.agents.update(id, { state: { ended: true } })
  }
}
