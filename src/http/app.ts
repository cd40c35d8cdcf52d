import type { HttpBindings } from '@hono/node-server'
import { Hono, type Context as Request } from 'hono'
import { z } from 'zod'
import { checkPermission } from '../access/grant.ts'
import { inTraceOf } from '../access/tracing.ts'
import { Closed, InvalidInput, NotFound, Unauthorized } from '../errors.ts'
import type { Memory } from '../memory.ts'
import { operations } from '../operations.ts'
import { inputSchema } from '../schemas.ts'
import { type Served, served } from '../standing-memory.ts'
import type { Grant } from '../tokens/token.ts'
import { packageVersion } from '../version.ts'
import { actingMemory } from './acting-memory.ts'
import { Authenticator, type Caller } from './authenticator.ts'
import { limitBody, readBody, readQuery } from './body.ts'
import { dashboard } from './dashboard.ts'
import { Door } from './door.ts'
import { allowOrigins, protect } from './headers.ts'
import { lasting } from './lasting.ts'
import { openApi } from './openapi.ts'
import { answer, type CallSettings, pathOf, reply, waitOf } from './operation-calls.ts'
import { guard } from './origin-guard.ts'
import { problem } from './problem.ts'
import { RateLimit } from './rate-limit.ts'
import { RequestMetrics } from './request-metrics.ts'
import { type StreamSettings, stream } from './send-stream.ts'
import type { SignIn } from './sign-in.ts'
import { storeName } from './store-name.ts'
import { streams } from './stream-sources.ts'
import { transactionRoutes } from './transaction-routes.ts'
import { Transactions } from './transactions.ts'

/** What answers at a path of its own, for callers that were let in. */
interface Mounted {
  (request: globalThis.Request, grant: Grant, signal: AbortSignal): Promise<Response>
  /** Ends what it has open. */
  close?(): Promise<void>
}

export interface AppOptions {
  readonly memory: Memory | Served
  /** The text that stands for the owner of the store. */
  readonly ownerToken: string
  /** Signs in who follows a link of the owner's. */
  readonly signIn: SignIn
  /** Names under which the server may be addressed, without ports. */
  readonly hosts: readonly string[]
  /** Origins of web pages that may call, besides the server's own. */
  readonly origins: readonly string[]
  /** The folder whose files callers may name, for backups and exports. Default: none. */
  readonly files: string | undefined
  /** The largest body, in bytes. */
  readonly maxBodyBytes: number
  /** Requests of one caller a second. */
  readonly ratePerSecond: number
  /** How long one call may take, in milliseconds. */
  readonly timeoutMs: number
  /**
   * How often a stream gives a sign of life, in milliseconds. A caller that leaves unread for six times as long what it
   * was sent is disconnected.
   */
  readonly beatMs: number
  /** What answers at /mcp. Default: nothing. */
  readonly mcp?: Mounted | undefined
  /** Aborts when the server begins to close. */
  readonly closing: AbortSignal
}

interface Env {
  Bindings: HttpBindings
  Variables: {
    caller: Caller
    /** That of the moment when the request came. */
    memory: Memory
  }
}

type App = Hono<Env>

/** The routes of the server: the operations, the streams, transactions, and what monitors ask for. */
export function createApp(options: AppOptions): { app: App; transactions: Transactions } {
  const app: App = new Hono()
  const metrics = new RequestMetrics()
  const door = new Door(options.timeoutMs)
  const transactions = new Transactions(door)
  const acting = (c: Request<Env>) => actingMemory(c.get('memory'), c.get('caller').grant, c)

  app.onError((error, c) => problem(c, error))
  app.notFound(c =>
    problem(c, new NotFound(`there is no ${c.req.method} ${c.req.path}`, { hint: 'See /openapi.json.' })),
  )
  addMiddleware(app, options, { metrics, door })
  app.get('/v1/hello', c => {
    const { url, isReadOnly } = c.get('memory')
    const store = { name: storeName(url), isReadOnly }
    return reply(c, { version: packageVersion(), store, ...c.get('caller').grant })
  })
  let description: string | undefined
  app.get('/openapi.json', c => {
    // Made for who asks first: it takes longer than all else that a server does as it starts.
    description ??= JSON.stringify(openApi(packageVersion()))
    return c.body(description, 200, { 'content-type': 'application/json' })
  })
  app.get('/metrics', async c => {
    checkPermission(c.get('caller').grant, 'memory:read', '/metrics')
    return c.body(await metrics.text(c.get('memory')), 200, {
      'content-type': 'text/plain; version=0.0.4; charset=utf-8',
    })
  })
  const { mcp } = options
  if (mcp !== undefined) mcpRoute(app, mcp, door)
  operationRoutes(app, { ...options, door, transactions }, acting)
  streamRoutes(app, { ...options, door }, acting)
  transactionRoutes(app, { door, transactions }, acting)
  return { app, transactions }
}

/** What every request passes before its route is looked at, in this order. */
function addMiddleware(
  app: App,
  options: AppOptions,
  { metrics, door }: { metrics: RequestMetrics; door: Door },
): void {
  const { closing } = options
  const store = served(options.memory)
  const authenticator = new Authenticator(options.ownerToken, options.signIn)
  const rate = new RateLimit(options.ratePerSecond)
  app.use(protect(closing), metrics.count, guard(options), allowOrigins(options.origins))
  app.get('/health', async c => {
    if (closing.aborted) return c.json({ status: 'closing' }, 503)
    // By a statement of ours, as all others are that callers wait for; of nothing that there is.
    await (await store.present()).sessions.get('health')
    return c.json({ status: 'ok' })
  })
  pageRoutes(app, options)
  app.use(async (c, next) => {
    if (closing.aborted) throw new Closed('the server is closing', { hint: 'Try again when it is back.' })
    await store.call(async memory => {
      door.listenTo(memory)
      const caller = await door.admit(authenticator.callerOf(c, memory))
      rate.take(caller.id)
      c.set('caller', caller)
      c.set('memory', memory)
      await next()
    })
  })
  app.use((c, next) => inTraceOf(() => c.req.header(), next))
  app.use(limitBody(options.maxBodyBytes))
}

const signInSchema = z.strictObject({ code: z.string() })

/** What needs no token: the pages of the dashboard, and the exchange of a link's code for one. */
function pageRoutes(app: App, { signIn, maxBodyBytes }: AppOptions): void {
  const page = dashboard()
  for (const path of ['/', '/theme.js', '/icon.svg', '/assets/:file']) app.get(path, page)
  app.post('/v1/sign-in', limitBody(maxBodyBytes), async c => {
    const { data, error } = signInSchema.safeParse(await readBody(c))
    if (error !== undefined) throw new InvalidInput('the body must have the code of a link, as text')
    const session = signIn.redeem(data.code)
    if (session !== undefined) return reply(c, session)
    throw new Unauthorized('this link was used before, or is too old', { hint: 'Make another: hivewax ui.' })
  })
}

function operationRoutes(
  app: App,
  { transactions, door, files }: CallSettings,
  acting: (c: Request<Env>) => Memory,
): void {
  const settings = { transactions, door, files }
  for (const operation of operations) {
    const path = `/v1/${pathOf(operation)}`
    const run = (c: Request<Env>, input: unknown) =>
      answer(c, { operation, memory: acting(c), caller: c.get('caller'), input }, settings)
    app.post(path, async c => run(c, await readBody(c)))
    if (operation.effect !== 'read') continue
    app.get(path, c => run(c, readQuery(c, inputSchema(z, operation))))
  }
}

/** What asks there for notifications, which come until it leaves, and what asks for an answer. */
function mcpRoute(app: App, mcp: Mounted, door: Door): void {
  app.all('/mcp', async c => {
    const { raw } = c.req
    const caller = c.get('caller')
    const listens = c.req.header('mcp-method') === 'subscriptions/listen'
    const visit = listens ? door.enter(caller, 'listeners', raw.signal) : door.enterCall(caller, waitOf(c))
    try {
      return lasting(await mcp(raw, caller.grant, visit.signal), visit, listens)
    } catch (error) {
      visit.leave()
      throw error
    }
  })
}

function streamRoutes(
  app: App,
  { door, closing, beatMs }: StreamSettings,
  acting: (c: Request<Env>) => Memory,
): void {
  const settings = { door, closing, beatMs }
  for (const path of Object.keys(streams)) {
    app.get(`/v1/${path}`, c => stream(c, { path, memory: acting(c), caller: c.get('caller') }, settings))
  }
}
