import os from 'node:os'
import { encodeAuthor } from '../db/author.ts'
import type { ActingOptions, Door } from '../memory.ts'

/** Who acts through a handle, and how it came to it. */
export interface Acting extends ActingOptions, Door {
  /** Undefined for no agent. */
  readonly agentId?: string | undefined
  /** Aborts when nobody waits for the handle's calls any more. */
  readonly signal?: AbortSignal | undefined
}

/** The author of what is written through a handle: its agent, else its caller, else who is logged in. */
export function authorOf({ agentId, caller, session, via }: Acting): string {
  return encodeAuthor({ agent: agentId ?? caller ?? login(), ...(session && { session }), via })
}

let known: string | undefined

/** The account that this process runs as. */
function login(): string {
  known ??= userName()
  return known
}

function userName(): string {
  try {
    return os.userInfo().username
  } catch {
    // An account that the system has no name for, as in many containers.
    return process.env.USER || `uid ${process.getuid?.()}`
  }
}
