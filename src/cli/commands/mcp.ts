import { openMemory } from '../../open.ts'
import { type Cli, interruptedExit } from '../cli.ts'

interface McpInput {
  compat?: 'claude-flow' | 'memory-tool'
}

/** Serves MCP on the standard streams until the client goes. Nothing else may be printed meanwhile. */
export async function run(cli: Cli, { compat }: McpInput): Promise<number> {
  const { serveMcp } = await import('../../mcp/mcp.ts')
  const { url, durability, agent, debug } = cli.flags
  const agentId = agent ?? (process.env.HIVEWAX_AGENT || undefined)
  // It may live as long as the swarm does, so that, unlike other commands, it sees to the upkeep of the store.
  await using memory = await openMemory(url, { durability, agentId })
  const signal = cli.interrupted()
  const onError = (error: Error) => cli.print.note((debug && error.stack) || error.message)
  await serveMcp({ memory, agentId, compat, signal, onError })
  return signal.aborted ? interruptedExit : 0
}
