import { sessionAgent } from '../util/agent-name.ts'
import { type HookInput, idOf } from './hook-input.ts'

/** The id of a session of a client; undefined when the input names none. */
export function sessionOf(input: HookInput): string | undefined {
  return recordOf(input, idOf(input, 'session_id'))
}

/** What every record that the hooks write begins with is the client. */
function recordOf({ client }: HookInput, id: string | undefined): string | undefined {
  return id && `${client.name}:${id}`
}

/** The agent that works in a session: the one that its MCP server acts as. */
export function agentOf(input: HookInput): string | undefined {
  const id = idOf(input, 'session_id')
  return id && (namedAgent() ?? sessionAgent(input.client.name, id))
}

/** The agent that the environment of the client names for all its sessions. */
export function namedAgent(): string | undefined {
  return process.env.HIVEWAX_AGENT || undefined
}

/** A subagent, within the agent of its session. */
export function subagentOf(input: HookInput): string | undefined {
  const [agent, id] = [agentOf(input), idOf(input, 'agent_id')]
  return agent && id && `${agent}/${id}`
}

/** The id of a task. They are counted anew in each session, and in each team. */
export function taskOf(input: HookInput): string | undefined {
  const [owner, id] = [idOf(input, 'team_name') ?? idOf(input, 'session_id'), idOf(input, 'task_id')]
  return owner && id && recordOf(input, `${owner}:${id}`)
}
