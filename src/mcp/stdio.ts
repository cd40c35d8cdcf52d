import { randomUUID } from 'node:crypto'
import type { Server } from '@modelcontextprotocol/server'
import { StdioServerTransport, serveStdio } from '@modelcontextprotocol/server/stdio'
import type { Memory } from '../memory.ts'
import { type Served, served } from '../standing-memory.ts'
import { claudeCode, sessionAgent } from '../util/agent-name.ts'
import { ConnectedAgent } from './connected-agent.ts'
import { ListeningTransport } from './listening-transport.ts'
import { ResourceWatch } from './resource-watch.ts'
import { readResource } from './resources.ts'
import { createServer, type Serve } from './server.ts'
import { type Compat, toolboxFor } from './toolbox.ts'

interface ServeMcpOptions {
  /** Acts as the agent of the connection; when it acts as none, that is named after the client and its session. */
  readonly memory: Memory | Served
  /** How long the agent holds what it takes after its last call, in milliseconds. Default: 2 hours. */
  readonly holdMs?: number | undefined
  /** Answer the tools of this product instead of our own. */
  readonly compat?: Compat | undefined
  /** Ends it. */
  readonly signal: AbortSignal
  /** Is called with what fails besides the answers to requests. */
  readonly onError: (error: Error) => void
}

const usualHoldMs = 2 * 3_600_000

/**
 * Serves MCP on the standard input and output of this process, in the protocol that the client begins with.
 * Resolves when the client has closed the input, or `signal` aborts; the memory stays open.
 */
export async function serveMcp(options: ServeMcpOptions): Promise<void> {
  const { memory, signal, onError } = options
  const toolbox = await toolboxFor(options.compat)
  const store = served(memory)
  let server: Server | undefined
  const watch = new ResourceWatch(
    async uri => readResource(uri, { memory: await store.present() }),
    uri => void server?.sendResourceUpdated({ uri }).catch(onError),
  )
  const made = randomUUID()
  let agent: ConnectedAgent | undefined
  const serve: Serve = ({ name, session, signal }, work) =>
    store.call(memory => {
      // In a store that was opened anew it is registered anew, and holds nothing.
      if (agent?.memory !== memory)
        agent = agentOf({ client: name, session: session ?? made, memory }, options)
      return agent.run(signal, work)
    })
  const create = () => {
    server = createServer({ serve, toolbox, watch, canListen: true })
    return server
  }
  const transport = new ListeningTransport(new StdioServerTransport(), watch)
  const handle = serveStdio(create, { transport, onerror: onError })
  const end = () => void handle.close().catch(onError)
  signal.addEventListener('abort', end, { once: true })
  await transport.closed
  signal.removeEventListener('abort', end)
  await agent?.leave()
}

/** One session of a client is one agent; Claude Code gives its session to its servers and hooks by the environment. */
function agentOf(
  { client, session: own, memory }: { client: string | undefined; session: string; memory: Memory },
  { holdMs = usualHoldMs, onError }: ServeMcpOptions,
): ConnectedAgent {
  const known = client === claudeCode ? process.env.CLAUDE_CODE_SESSION_ID : undefined
  const session = known || own
  const id = memory.agentId ?? sessionAgent(client, session)
  const isNamed = memory.agentId !== undefined
  return new ConnectedAgent({ memory, id, client, session, isNamed, holdMs, onError })
}
