import { Conflict, NotFound } from '../errors.ts'
import type { Transaction } from '../transaction.ts'
import type { Json } from '../util/json.ts'
import { type HookInput, textOf } from './hook-input.ts'
import { promptOf } from './prompt.ts'
import { sessionOf } from './record-ids.ts'

/** How long a session is remembered after its last event, in seconds. */
const ttl = 90 * 24 * 3_600

/** Adds to what is known of a session; nothing when the input names none. */
export async function note(
  memory: Transaction,
  input: HookInput,
  facts: Record<string, Json | undefined>,
): Promise<void> {
  const id = sessionOf(input)
  if (id === undefined) return
  const known = {
    client: input.client.name,
    cwd: textOf(input, 'cwd'),
    transcript: textOf(input, 'transcript_path'),
  }
  const patch = withoutGaps({ ...known, ...facts })
  const update = () => memory.sessions.update(id, patch)
  try {
    await update()
  } catch (error) {
    if (!(error instanceof NotFound)) throw error
    // Another hook of the session may create it at the same moment.
    await memory.sessions
      .create(patch, { id, ttl })
      .catch(raced => (raced instanceof Conflict ? update() : fail(raced)))
  }
}

/** Saves what a session has got to. */
export async function checkpoint(memory: Transaction, input: HookInput, why: Json): Promise<void> {
  await note(memory, input, {
    asked: promptOf(input),
    answered: textOf(input, 'last_assistant_message'),
    checkpoint: why,
    savedAt: new Date().toISOString(),
  })
}

function withoutGaps(facts: Record<string, Json | undefined>): Record<string, Json> {
  const isKnown = (entry: [string, Json | undefined]): entry is [string, Json] => entry[1] !== undefined
  return Object.fromEntries(Object.entries(facts).filter(isKnown))
}

function fail(error: unknown): never {
  throw error
}
