import path from 'node:path'
import { isServer } from '../../location/location.ts'
import type { ClaimedTask } from '../../tasks/task.ts'
import { toJson } from '../print/value.ts'

/** Larger texts than that do not fit into a variable; Linux takes up to 128 KiB. */
const maxVariableBytes = 100 * 1024

/**
 * What the command of a task finds in its environment, besides what this process has. What is too large, or holds
 * a NUL, is left out: the standard input has it.
 * @param url of the store, so that `hivewax` called by the command uses the same one, in whatever folder
 */
export function taskEnvironment(task: ClaimedTask, url: string, agentId: string): Record<string, string> {
  const { id, token, attempt, description, payload } = task
  const all = {
    HIVEWAX_TASK_ID: id,
    HIVEWAX_TASK_TOKEN: String(token),
    HIVEWAX_TASK_ATTEMPT: String(attempt),
    HIVEWAX_TASK_DESCRIPTION: description,
    HIVEWAX_TASK_PAYLOAD: payload === undefined ? undefined : toJson(payload),
    HIVEWAX_URL: url === ':memory:' ? undefined : isServer(url) ? url : path.resolve(url),
    HIVEWAX_AGENT: agentId,
  }
  const kept = Object.entries(all).filter((entry): entry is [string, string] => isVariable(entry[1]))
  return Object.fromEntries(kept)
}

function isVariable(text: string | undefined): boolean {
  return text !== undefined && !text.includes('\0') && Buffer.byteLength(text) <= maxVariableBytes
}
