import { type HookInput, idOf } from './hook-input.ts'

/** What every record that the hooks write begins with. */
export const prefix = 'claude-code:'

/** The id of a session of Claude Code, as a session and as an agent; undefined when the input names none. */
export function sessionOf(input: HookInput): string | undefined {
  const id = idOf(input, 'session_id')
  return id && `${prefix}${id}`
}

/** The id of a subagent, within its session. */
export function subagentOf(input: HookInput): string | undefined {
  const [session, id] = [sessionOf(input), idOf(input, 'agent_id')]
  return session && id && `${session}:${id}`
}

/** The id of a task. They are counted anew in each session, and in each team. */
export function taskOf(input: HookInput): string | undefined {
  const [owner, id] = [idOf(input, 'team_name') ?? idOf(input, 'session_id'), idOf(input, 'task_id')]
  return owner && id && `${prefix}${owner}:${id}`
}
