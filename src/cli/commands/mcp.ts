import { openMemory } from '../../open.ts'
import { type Cli, interruptedExit } from '../cli.ts'
import { optionMs } from '../coerce.ts'
import { standingMemory } from '../standing.ts'

interface McpInput {
  compat?: 'claude-flow' | 'memory-tool'
  hold?: string
}

/** Serves MCP on the standard streams until the client goes. Nothing else may be printed meanwhile. */
export async function run(cli: Cli, { compat, hold }: McpInput): Promise<number> {
  const { serveMcp } = await import('../../mcp/mcp.ts')
  const { url, durability, readOnly, agent, debug } = cli.flags
  const holdMs = optionMs('--hold', hold)
  // It may live as long as the swarm does, so that, unlike other commands, it sees to the upkeep of the store.
  await using memory = await standingMemory(() => openMemory(url, { durability, readOnly, agentId: agent }))
  const interrupted = cli.interrupted()
  const signal = AbortSignal.any([interrupted, terminated()])
  const onError = (error: Error) => cli.print.note((debug && error.stack) || error.message)
  await serveMcp({ memory, compat, holdMs, signal, onError })
  return interrupted.aborted ? interruptedExit : 0
}

/** Clients end their servers so too, and what the agent holds is to be given back. */
function terminated(): AbortSignal {
  const ended = new AbortController()
  process.once('SIGTERM', () => ended.abort())
  process.once('SIGHUP', () => ended.abort())
  return ended.signal
}
