import {
  createMcpHandler as createSdkHandler,
  ProtocolError,
  type ServerEventBus,
} from '@modelcontextprotocol/server'
import { concealed } from '../access/conceal.ts'
import { looplessHoldMs } from '../access/hold.ts'
import type { Memory } from '../memory.ts'
import { type Served, served } from '../standing-memory.ts'
import type { Grant } from '../tokens/token.ts'
import { clientAgent, mcpDoor } from '../util/agent-name.ts'
import { listensTo } from './listening-transport.ts'
import { ResourceWatch } from './resource-watch.ts'
import { readResource } from './resources.ts'
import { createServer, type Serve, type ServerParts } from './server.ts'
import { toolboxFor } from './toolbox.ts'

interface McpHandlerOptions {
  readonly memory: Memory | Served
  /** What callers may do, unless a request comes with a grant of its own. Default: everything. */
  readonly grant?: Grant | undefined
}

/** Answers one HTTP request of an MCP client. */
export interface McpHandler {
  /** @param signal aborts when the caller has had its time, or may no longer be here. Default: when it leaves */
  (request: Request, grant?: Grant, signal?: AbortSignal): Promise<Response>
  /** Ends all streams. */
  close(): Promise<void>
}

/** How many streams of changes may be open at a time. */
const maxStreams = 256

/**
 * Serves MCP over HTTP, both protocols, without sessions: every request stands by itself. It checks no Host, Origin
 * or token: that is up to the server that mounts it. Clients of the newer protocol can listen to changes of resources.
 */
export function createMcpHandler({ memory, grant: usual }: McpHandlerOptions): McpHandler {
  const toolbox = toolboxFor(undefined)
  const streams = new Streams()
  const store = served(memory)
  const handle = async (request: Request, grant = usual, ends?: AbortSignal): Promise<Response> => {
    const parts = { toolbox: await toolbox, serve: statelessly(store, grant, ends) }
    const uris = await listened(request)
    if (uris === undefined) return answer(request, parts)
    const read = async (uri: string) => readResource(uri, { memory: await store.present(), grant })
    return streams.listen(request, { uris, parts, read })
  }
  return Object.assign(handle, { close: () => streams.close() })
}

/** Every request by itself: whoever its token, or the client itself, says that it is. */
function statelessly(store: Served, grant: Grant | undefined, ends: AbortSignal | undefined): Serve {
  return ({ name, signal: left }, work) => {
    const done = store.call(memory => {
      const signal = ends === undefined ? left : AbortSignal.any([left, ends])
      const id = grant?.agentId ?? memory.agentId ?? grant?.principal ?? clientAgent(name)
      const acting = memory.through({ via: mcpDoor(name) }).as(id)
      return work({ memory: acting, grant, holdMs: looplessHoldMs, signal })
    })
    return done.catch(error => {
      throw error instanceof ProtocolError ? error : concealed(error)
    })
  }
}

/** The addresses that a request wants to listen to; undefined when it wants something else. */
async function listened(request: Request): Promise<readonly string[] | undefined> {
  // The protocol demands this header of every request, and the library refuses one that does not fit the body.
  if (request.headers.get('mcp-method') !== 'subscriptions/listen') return undefined
  const text = await request.clone().text()
  try {
    return listensTo(JSON.parse(text))
  } catch {
    // The library says what is wrong with it.
    return undefined
  }
}

function answer(request: Request, parts: ServerParts): Promise<Response> {
  const handler = createSdkHandler(({ era }) => createServer({ ...parts, canListen: era === 'modern' }))
  return handler.fetch(request)
}

interface Listening {
  readonly uris: readonly string[]
  readonly parts: ServerParts
  /** What is at an address, for this caller. */
  readonly read: (uri: string) => Promise<string>
}

/** The streams of changes that are open. */
class Streams {
  /** What ends each of them. */
  readonly #open = new Set<() => Promise<void>>()

  /** Opens a stream of its own, with a bus of its own: no client is notified of what only others may read. */
  async listen(request: Request, { uris, parts, read }: Listening): Promise<Response> {
    if (this.#open.size >= maxStreams) return new Response('too many streams are open\n', { status: 503 })
    let isOpen = false
    let notify = (_uri: string) => {}
    const watch = new ResourceWatch(read, uri => notify(uri))
    const bus: ServerEventBus = {
      publish: () => {},
      subscribe: listener => {
        isOpen = true
        notify = uri => listener({ kind: 'resource_updated', uri })
        return end
      },
    }
    const handler = createSdkHandler(() => createServer({ ...parts, canListen: true }), { bus })
    const close = () => handler.close()
    const end = () => {
      watch.close()
      this.#open.delete(close)
    }
    this.#open.add(close)
    try {
      await Promise.all(uris.map(uri => watch.add(uri)))
      return await handler.fetch(request)
    } finally {
      if (!isOpen) end()
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open].map(end => end()))
  }
}
