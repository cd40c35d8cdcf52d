import { Conflict, NotFound } from '../errors.ts'
import type { Transaction } from '../transaction.ts'
import type { Json } from '../util/json.ts'
import { namedAgent } from './record-ids.ts'

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

/**
 * Gives back what an agent held that has ended, and takes it out of the registry; one that leaves memory behind, or was
 * given its name, stays there as ended.
 */
export async function leave(memory: Transaction, id: string): Promise<void> {
  try {
    await memory.agents.release(id)
    if (id !== namedAgent()) await memory.agents.delete(id)
  } catch (error) {
    if (!(error instanceof Conflict || error instanceof NotFound)) throw error
  }
}
