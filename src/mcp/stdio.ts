import type { Server } from '@modelcontextprotocol/server'
import { StdioServerTransport, serveStdio } from '@modelcontextprotocol/server/stdio'
import type { Memory } from '../memory.ts'
import { ListeningTransport } from './listening-transport.ts'
import { ResourceWatch } from './resource-watch.ts'
import { readResource } from './resources.ts'
import { createServer } from './server.ts'
import { type Compat, toolboxFor } from './toolbox.ts'

interface ServeMcpOptions {
  readonly memory: Memory
  /** The agent that records name as their writer; `memory` must act as it already. */
  readonly agentId?: string | undefined
  /** Answer the tools of this product instead of our own. */
  readonly compat?: Compat | undefined
  /** Ends it. */
  readonly signal: AbortSignal
  /** Is called with what fails besides the answers to requests. */
  readonly onError: (error: Error) => void
}

/**
 * Serves MCP on the standard input and output of this process, in the protocol that the client begins with.
 * Resolves when the client has closed the input, or `signal` aborts; the memory stays open.
 */
export async function serveMcp(options: ServeMcpOptions): Promise<void> {
  const { memory, agentId, signal, onError } = options
  const toolbox = await toolboxFor(options.compat)
  let server: Server | undefined
  const watch = new ResourceWatch(
    uri => readResource(uri, { memory }),
    uri => void server?.sendResourceUpdated({ uri }).catch(onError),
  )
  const create = () => {
    server = createServer({ memory, agentId, toolbox, watch, canListen: true })
    return server
  }
  const transport = new ListeningTransport(new StdioServerTransport(), watch)
  const handle = serveStdio(create, { transport, onerror: onError })
  const end = () => void handle.close().catch(onError)
  signal.addEventListener('abort', end, { once: true })
  await transport.closed
  signal.removeEventListener('abort', end)
}
