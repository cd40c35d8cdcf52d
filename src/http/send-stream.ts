import type { HttpBindings } from '@hono/node-server'
import type { Context as Request } from 'hono'
import { type SSEStreamingApi, streamSSE } from 'hono/streaming'
import { checkPermission } from '../access/grant.ts'
import { Closed, Unauthorized } from '../errors.ts'
import type { Memory } from '../memory.ts'
import { toWire } from '../wire.ts'
import type { Caller } from './authenticator.ts'
import type { Door, Visit } from './door.ts'
import { isWired } from './operation-calls.ts'
import { problemOf } from './problem.ts'
import { type Item, readStreamQuery, streams } from './stream-sources.ts'

export interface StreamSettings {
  readonly door: Door
  /** See `AppOptions`. */
  readonly beatMs: number
  /** Aborts when the server begins to close. */
  readonly closing: AbortSignal
}

/** What a caller wants to listen to. */
interface StreamRequest {
  /** The path of the stream below the version. */
  readonly path: string
  readonly memory: Memory
  readonly caller: Caller
}

/** Answers with a stream of server-sent events, until the caller leaves, may no longer listen, or the server closes. */
export async function stream(
  request: Request,
  { path, memory, caller }: StreamRequest,
  { door, beatMs, closing }: StreamSettings,
): Promise<Response> {
  const source = streams[path]
  if (source === undefined) throw new Error(`there is no stream ${path}`)
  checkPermission(caller.grant, 'memory:read', 'a stream')
  const given = { query: request.req.query(), lastEventId: request.req.header('last-event-id') }
  const query = await readStreamQuery(source, given, memory)
  // A caller of HEAD would never read the stream, nor end it.
  if (request.req.method === 'HEAD') return request.body(null, 200, { 'content-type': 'text/event-stream' })
  const visit = door.enter(caller, 'streams')
  const { signal } = visit
  const items = source.items(memory, query, AbortSignal.any([signal, closing]))
  return streamSSE(request, async out => {
    const sender = new Sender(request, out, { visit, stallMs: 6 * beatMs })
    const beat = setInterval(() => void sender.beat(), beatMs)
    try {
      await sender.start(query.since)
      for await (const item of items) await sender.send(item)
      if (signal.reason instanceof Unauthorized) await sender.fail(signal.reason)
    } catch (error) {
      if (!signal.aborted && !closing.aborted) await sender.fail(error)
    } finally {
      clearInterval(beat)
      visit.leave()
    }
  })
}

interface SenderOptions {
  readonly visit: Visit
  /** How long the caller may leave unread what it was sent, in milliseconds. */
  readonly stallMs: number
}

/** Sends the messages of one stream. */
class Sender {
  readonly #request: Request
  readonly #out: SSEStreamingApi
  readonly #visit: Visit
  readonly #stallMs: number
  readonly #write: (value: unknown) => string
  /** When the caller began to leave unread what it was sent, by performance.now(). */
  #stalledAt: number | undefined

  constructor(request: Request, out: SSEStreamingApi, { visit, stallMs }: SenderOptions) {
    this.#request = request
    this.#out = out
    this.#visit = visit
    this.#stallMs = stallMs
    this.#write = isWired(request) ? toWire : value => JSON.stringify(value ?? null)
    out.onAbort(() => visit.end(new Closed('the caller has left')))
  }

  /** The headers go with the first bytes: with them the caller knows that it listens, and from where on. */
  start(position: number | undefined): Promise<void> {
    return this.#send(position === undefined ? ': \n\n' : `id: ${position}\n\n`)
  }

  /** What is written has no line breaks: it is JSON. */
  send({ id, value }: Item): Promise<void> {
    const data = `data: ${this.#write(value)}\n\n`
    return this.#send(id === undefined ? data : `id: ${id}\n${data}`)
  }

  fail(error: unknown): Promise<void> {
    return this.#send(`event: error\ndata: ${JSON.stringify({ error: problemOf(error) })}\n\n`)
  }

  /** To be called now and then: ends the stream of a caller that does not read. */
  async beat(): Promise<void> {
    if (this.#stalledAt === undefined) await this.#send(': \n\n')
    else if (performance.now() - this.#stalledAt > this.#stallMs) this.#break()
  }

  async #send(text: string): Promise<void> {
    this.#stalledAt ??= performance.now()
    await this.#out.write(text)
    this.#stalledAt = undefined
  }

  /** What waits to be sent can only be thrown away with the connection. */
  #break(): void {
    this.#visit.end(new Closed('the caller does not read'))
    this.#out.abort()
    const { outgoing } = this.#request.env as HttpBindings
    outgoing.destroy()
  }
}
