import { setTimeout as sleep } from 'node:timers/promises'
import { Closed, errorFromJson, errorTable, type HivewaxError, Storage } from '../errors.ts'
import { encodeJson } from '../util/json.ts'
import { agentHeader, fromWire, incarnationHeader, transactionHeader, wireHeader } from '../wire.ts'

/** The agent in whose name calls are made, and the transaction that they are part of: each travels as a header. */
export interface CallHeaders {
  readonly agentId?: string | undefined
  readonly incarnation?: number | undefined
  readonly transaction?: string | undefined
}

export interface ConnectionOptions {
  readonly token: string | undefined
  /** How long to try to reach a server that does not answer, in milliseconds. */
  readonly busyTimeoutMs: number
  /** The largest input, in bytes of JSON: the server may allow less. */
  readonly maxBytes: number
  /** Whether calls that write are refused here, before they are made. */
  readonly readOnly: boolean
}

interface Sending {
  readonly method?: 'GET' | 'POST' | 'DELETE'
  readonly input?: object | undefined
  readonly as?: CallHeaders
  readonly signal?: AbortSignal | undefined
  /** True for what may be sent again when it is not known whether it was done: it would be the same. */
  readonly isIdempotent?: boolean
}

const maxPauseMs = 500

/** A hivewax server, as its client reaches it. */
export class ServerConnection {
  /** Without a slash at its end. */
  readonly url: string
  readonly #options: ConnectionOptions
  readonly #closing = new AbortController()

  constructor(url: string, options: ConnectionOptions) {
    this.url = url.replace(/\/+$/, '')
    this.#options = options
  }

  /** The same server, for the holder of another token. */
  as(token: string): ServerConnection {
    return new ServerConnection(this.url, { ...this.#options, token })
  }

  /** See {@link ConnectionOptions.readOnly}. */
  get isReadOnly(): boolean {
    return this.#options.readOnly
  }

  /** Aborted when the handle is closed. */
  get closing(): AbortSignal {
    return this.#closing.signal
  }

  close(): void {
    this.#closing.abort()
  }

  /** Sends a call and returns its result. */
  async send(path: string, sending: Sending = {}): Promise<unknown> {
    const response = await this.#reach(path, sending)
    const text = await this.#read(response, sending)
    if (!response.ok) throw toError(parse(text), response.status)
    // The server says of its own results how they are written.
    return text === '' ? undefined : fromWire(text)
  }

  /** Opens a stream of server-sent events. @param path with its query */
  async open(path: string, sending: Pick<Sending, 'as' | 'signal'>): Promise<Response> {
    const response = await this.#reach(path, { ...sending, method: 'GET', isIdempotent: true })
    if (!response.ok) throw toError(parse(await response.text()), response.status)
    return response
  }

  /** Tries until the server answers; what may have been done is not tried again, unless that changes nothing. */
  async #reach(path: string, sending: Sending): Promise<Response> {
    const request = this.#request(sending)
    const end = performance.now() + this.#options.busyTimeoutMs
    for (let count = 1; ; count++) {
      if (this.#closing.signal.aborted) throw new Closed('the memory is closed')
      try {
        const response = await fetch(`${this.url}/v1/${path}`, request)
        const pauseMs = Number(response.headers.get('retry-after')) * 1000
        // It was refused because of others, or of too many calls: nothing of it was done.
        if (response.status !== 429 || performance.now() + pauseMs > end) return response
        await response.body?.cancel()
        await sleep(pauseMs)
        continue
      } catch (error) {
        sending.signal?.throwIfAborted()
        const mayRepeat = sending.isIdempotent || wasNeverSent(error)
        if (!mayRepeat || performance.now() > end) throw unreachable(this.url, error)
      }
      await sleep(Math.random() * Math.min(2 ** count * 10, maxPauseMs))
    }
  }

  async #read(response: Response, { isIdempotent }: Sending): Promise<string> {
    try {
      return await response.text()
    } catch (error) {
      throw unreachable(this.url, error, isIdempotent)
    }
  }

  #request({ method = 'POST', input, as = {}, signal }: Sending): RequestInit {
    const headers = new Headers({ [wireHeader]: '1' })
    if (this.#options.token !== undefined) headers.set('authorization', `Bearer ${this.#options.token}`)
    if (as.agentId !== undefined) headers.set(agentHeader, encodeURIComponent(as.agentId))
    if (as.incarnation !== undefined) headers.set(incarnationHeader, String(as.incarnation))
    if (as.transaction !== undefined) headers.set(transactionHeader, as.transaction)
    // What is for this server goes to no other, to which it might lead.
    const request = { method, headers, redirect: 'manual' as const, ...(signal && { signal }) }
    if (method !== 'POST') return request
    headers.set('content-type', 'application/json')
    return { ...request, body: encodeInput(input ?? {}, this.#options.maxBytes) }
  }
}

/** The JSON of an input without what was left out; what is no JSON is named by its field, as it would be beside the store. */
function encodeInput(input: object, maxBytes: number): string {
  const given = Object.entries(input).filter(([, value]) => value !== undefined)
  const fields = given.map(
    ([field, value]) => `${JSON.stringify(field)}:${encodeJson(field, value, maxBytes)}`,
  )
  return `{${fields.join()}}`
}

function parse(text: string): unknown {
  try {
    return fromWire(text)
  } catch {
    return undefined
  }
}

/** The error that a server answered with, of the class that it had there. */
function toError(told: unknown, status: number): HivewaxError {
  if (isProblem(told)) return errorFromJson(told.error)
  return new Storage(`the server answered with the status ${status} and nothing that hivewax says`, {
    hint: 'Is this the address of a hivewax serve?',
  })
}

function isProblem(told: unknown): told is { error: ReturnType<HivewaxError['toJSON']> } {
  if (typeof told !== 'object' || told === null || !('error' in told)) return false
  const { error } = told
  return typeof error === 'object' && error !== null && 'code' in error && String(error.code) in errorTable
}

/** True when the connection was refused: nothing of the request has left. */
function wasNeverSent(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined
  return (
    cause instanceof Error &&
    'code' in cause &&
    /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN)$/.test(String(cause.code))
  )
}

function unreachable(url: string, error: unknown, isIdempotent = false): Storage {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const why = cause instanceof Error ? cause.message : String(cause)
  const isUnknown = !isIdempotent && !wasNeverSent(error)
  return new Storage(`the server at ${url} does not answer: ${why}`, {
    hint: isUnknown
      ? 'It may have been done, or not: look before you try again.'
      : 'Is hivewax serve running there?',
    ...(isUnknown && { details: { outcome: 'unknown' } }),
    cause: error,
  })
}
