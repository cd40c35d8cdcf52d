import {
  type CallToolResult,
  CLIENT_INFO_META_KEY,
  type GetPromptResult,
  ProtocolError,
  ProtocolErrorCode,
  Server,
  type ServerContext,
} from '@modelcontextprotocol/server'
import { HivewaxError } from '../errors.ts'
import { visible, visibleTexts } from '../util/visible.ts'
import { packageVersion } from '../version.ts'
import { toErrorResult } from './answer.ts'
import type { Caller } from './caller.ts'
import { instructions } from './instructions.ts'
import { getPrompt, prompts } from './prompts.ts'
import type { ResourceWatch } from './resource-watch.ts'
import { readResource, resources, resourceTemplates } from './resources.ts'
import type { Toolbox } from './toolbox.ts'

export interface ServerParts {
  readonly toolbox: Toolbox
  /** Lets a client do what it asks for, as the agent that it acts as. */
  readonly serve: Serve
  /** Whether clients are notified of changes. */
  readonly canListen?: boolean
  /** Watches what clients of the older protocol subscribe to. */
  readonly watch?: ResourceWatch | undefined
}

export type Serve = <T>(client: Client, work: (caller: Caller) => Promise<T>) => Promise<T>

interface Client {
  /** What it calls itself; undefined when it has not said so. */
  readonly name: string | undefined
  /** The session that it is in; undefined when it has not said so. */
  readonly session: string | undefined
  /** Aborts when it no longer waits for the answer. */
  readonly signal: AbortSignal
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
  const as: As = (context, work) =>
    parts.serve(
      { name: clientName(server, context), session: sessionOf(context), signal: context.mcpReq.signal },
      work,
    )
  serveTools(server, parts.toolbox, as)
  serveResources(server, parts.watch, as)
  servePrompts(server, as)
  return server
}

type Work<T> = (caller: Caller) => Promise<T>
type As = <T>(context: ServerContext, work: Work<T>) => Promise<T>

function serveTools(server: Server, toolbox: Toolbox, as: As): void {
  server.setRequestHandler('tools/list', () => ({ tools: [...toolbox.list] }))
  server.setRequestHandler('tools/call', async ({ params }, context) => {
    const call: Work<CallToolResult> = caller => toolbox.call(params.name, params.arguments ?? {}, caller)
    return visibleTexts(await as(context, call).catch(answering))
  })
}

function serveResources(server: Server, watch: ResourceWatch | undefined, as: As): void {
  server.setRequestHandler('resources/list', () => ({ resources: [...resources] }))
  server.setRequestHandler('resources/templates/list', () => ({ resourceTemplates: [...resourceTemplates] }))
  server.setRequestHandler('resources/read', async ({ params: { uri } }, context) => {
    const text = visible(await refusing(as(context, caller => readResource(uri, caller))))
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

function servePrompts(server: Server, as: As): void {
  server.setRequestHandler('prompts/list', () => ({ prompts: [...prompts] }))
  server.setRequestHandler('prompts/get', async ({ params }, context) => {
    const get: Work<GetPromptResult> = caller => getPrompt(params.name, params.arguments ?? {}, caller)
    return visibleTexts(await refusing(as(context, get)))
  })
}

/** A failure as an answer that the model can read: nothing that a tool does ends the connection. */
function answering(error: unknown): CallToolResult {
  if (error instanceof ProtocolError) throw error
  return toErrorResult(error)
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
    const told = visibleTexts(error.toJSON())
    throw new ProtocolError(code, `${told.code}: ${told.message}`, told)
  }
}

/** `claude-code`, when the client has given its name. */
function clientName(server: Server, { mcpReq }: ServerContext): string | undefined {
  // In the newer protocol every request carries it; the library's type does not say so.
  const envelope: { [CLIENT_INFO_META_KEY]?: { name?: unknown } } = mcpReq.envelope ?? {}
  const name = envelope[CLIENT_INFO_META_KEY]?.name ?? server.getClientVersion()?.name
  return typeof name === 'string' ? name : undefined
}

/** Codex gives it with each call, the same that its hooks get. */
function sessionOf({ mcpReq }: ServerContext): string | undefined {
  const sessionId = mcpReq._meta?.sessionId
  return typeof sessionId === 'string' && sessionId !== '' ? sessionId : undefined
}
