import {
  CLIENT_INFO_META_KEY,
  ProtocolError,
  ProtocolErrorCode,
  Server,
  type ServerContext,
} from '@modelcontextprotocol/server'
import { actingFor } from '../access/grant.ts'
import { HivewaxError } from '../errors.ts'
import type { Memory } from '../memory.ts'
import type { Grant } from '../tokens/token.ts'
import { packageVersion } from '../version.ts'
import type { Caller } from './caller.ts'
import { instructions } from './instructions.ts'
import { getPrompt, prompts } from './prompts.ts'
import type { ResourceWatch } from './resource-watch.ts'
import { readResource, resources, resourceTemplates } from './resources.ts'
import type { Toolbox } from './toolbox.ts'

export interface ServerParts {
  readonly memory: Memory
  readonly toolbox: Toolbox
  /** What callers may do; undefined for everything. */
  readonly grant?: Grant | undefined
  /** The agent that the caller acts as, if any. */
  readonly agentId?: string | undefined
  /** Whether clients are notified of changes. */
  readonly canListen?: boolean
  /** Watches what clients of the older protocol subscribe to. */
  readonly watch?: ResourceWatch | undefined
}

/** The name by which servers introduce themselves. */
const name = 'hivewax'

/** What never changes while a process runs may be kept for an hour by clients and by whatever is between. */
const lasting = { ttlMs: 3_600_000, cacheScope: 'public' } as const

/** A server for one connection, or one request, of either protocol. */
export function createServer(parts: ServerParts): Server {
  const server = new Server(
    { name, title: name, version: packageVersion() },
    {
      capabilities: {
        tools: {},
        prompts: {},
        resources: parts.canListen ? { subscribe: true } : {},
      },
      instructions,
      cacheHints: {
        'tools/list': lasting,
        'prompts/list': lasting,
        'resources/list': lasting,
        'resources/templates/list': lasting,
        'server/discover': lasting,
      },
    },
  )
  const acting = parts.grant === undefined ? parts.memory : actingFor(parts.memory, parts.grant)
  const callerOf = (context: ServerContext): Caller => ({
    memory: acting,
    grant: parts.grant,
    writer: parts.grant?.agentId ?? parts.grant?.principal ?? parts.agentId ?? clientName(server, context),
    signal: context.mcpReq.signal,
  })
  serveTools(server, parts.toolbox, callerOf)
  serveResources(server, parts.watch, callerOf)
  servePrompts(server, callerOf)
  return server
}

type CallerOf = (context: ServerContext) => Caller

function serveTools(server: Server, toolbox: Toolbox, callerOf: CallerOf): void {
  server.setRequestHandler('tools/list', () => ({ tools: [...toolbox.list] }))
  server.setRequestHandler('tools/call', ({ params }, context) =>
    toolbox.call(params.name, params.arguments ?? {}, callerOf(context)),
  )
}

function serveResources(server: Server, watch: ResourceWatch | undefined, callerOf: CallerOf): void {
  server.setRequestHandler('resources/list', () => ({ resources: [...resources] }))
  server.setRequestHandler('resources/templates/list', () => ({ resourceTemplates: [...resourceTemplates] }))
  server.setRequestHandler('resources/read', async ({ params: { uri } }, context) => {
    const text = await refusing(readResource(uri, callerOf(context)))
    return { contents: [{ uri, mimeType: 'application/json', text }] }
  })
  if (watch === undefined) return
  // The newer protocol has `subscriptions/listen` instead, which never gets to here.
  const subscribed = new Set<string>()
  server.setRequestHandler('resources/subscribe', async ({ params: { uri } }) => {
    if (subscribed.has(uri)) return {}
    subscribed.add(uri)
    await watch.add(uri)
    return {}
  })
  server.setRequestHandler('resources/unsubscribe', ({ params: { uri } }) => {
    if (subscribed.delete(uri)) watch.remove(uri)
    return {}
  })
}

function servePrompts(server: Server, callerOf: CallerOf): void {
  server.setRequestHandler('prompts/list', () => ({ prompts: [...prompts] }))
  server.setRequestHandler('prompts/get', ({ params }, context) =>
    refusing(getPrompt(params.name, params.arguments ?? {}, callerOf(context))),
  )
}

/** Where the protocol has no answer for failures but an error of its own: that, with ours inside. */
async function refusing<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (!(error instanceof HivewaxError)) throw error
    const isCallers =
      error.code === 'invalid_input' || error.code === 'unauthorized' || error.code === 'forbidden'
    const code = isCallers ? ProtocolErrorCode.InvalidParams : ProtocolErrorCode.InternalError
    throw new ProtocolError(code, `${error.code}: ${error.message}`, error.toJSON())
  }
}

/** `mcp:claude-code`, when the client has given its name. */
function clientName(server: Server, { mcpReq }: ServerContext): string | undefined {
  // In the newer protocol every request carries it; the library's type does not say so.
  const envelope: { [CLIENT_INFO_META_KEY]?: { name?: unknown } } = mcpReq.envelope ?? {}
  const name = envelope[CLIENT_INFO_META_KEY]?.name ?? server.getClientVersion()?.name
  return typeof name === 'string' ? `mcp:${name.toWellFormed().slice(0, 100)}` : undefined
}
