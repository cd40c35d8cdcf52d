import http from 'node:http'
import type { Serving } from '../../src/http/http-server.ts'

export interface Answer {
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
  readonly text: string
  /** The JSON of the text; undefined when it is none. */
  // biome-ignore lint/suspicious/noExplicitAny: what comes out of JSON is whatever it holds
  readonly json: any
}

export interface Sent {
  readonly method?: string
  /** undefined leaves a header out that would be sent else. */
  readonly headers?: Readonly<Record<string, string | undefined>>
  /** Sent as it is when it is text or bytes, else as JSON. */
  readonly body?: unknown
  /** Sends the body in pieces, without its length. */
  readonly isChunked?: boolean
}

/** Sends a request that no library has made better: any path, method and header. */
export function send(
  url: string,
  path: string,
  { method, headers = {}, body, isChunked }: Sent = {},
): Promise<Answer> {
  const bytes = body === undefined ? undefined : toBytes(body)
  const all = {
    ...(bytes !== undefined && { 'content-type': 'application/json' }),
    ...(bytes !== undefined && !isChunked && { 'content-length': String(bytes.length) }),
    ...headers,
  }
  const { hostname, port } = new URL(url)
  dropIdle()
  return new Promise((resolve, reject) => {
    const request = http.request({
      host: hostname,
      port,
      path,
      method: method ?? (bytes === undefined ? 'GET' : 'POST'),
      setHost: !('host' in headers),
      headers: Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)),
      agent,
    })
    request.on('response', response => void read(response).then(resolve, reject))
    request.on('error', (error: NodeJS.ErrnoException) => {
      // The server has ended the idle connection at the moment at which it was used again.
      const wasIdle = request.reusedSocket && error.code === 'ECONNRESET'
      if (wasIdle)
        send(url, path, { ...(method && { method }), headers, body, ...(isChunked && { isChunked }) }).then(
          resolve,
          reject,
        )
      else reject(error)
    })
    if (isChunked && bytes !== undefined)
      for (let i = 0; i < bytes.length; i += 65_536) request.write(bytes.subarray(i, i + 65_536))
    request.end(isChunked ? undefined : bytes)
  })
}

const agent = new http.Agent({ keepAlive: true, maxSockets: 32 })

let lastSentAt = 0

/** A server ends a connection that is idle for some seconds, of which who was blocked meanwhile hears too late. */
function dropIdle(): void {
  const now = performance.now()
  if (now - lastSentAt > 1_000)
    for (const socket of Object.values(agent.freeSockets).flat()) socket?.destroy()
  lastSentAt = now
}

/** Sends requests to a server as somebody. */
export function caller({ url }: Pick<Serving, 'url'>, token: string) {
  const authorization = `Bearer ${token}`
  return {
    /** Any request. */
    send: (path: string, { headers, ...sent }: Sent = {}) =>
      send(url, path, { ...sent, headers: { authorization, ...headers } }),
    /** Calls an operation, `kv.store` for one. */
    call: (name: string, input: unknown = {}, headers: Sent['headers'] = {}) =>
      send(url, `/v1/${name.replace('.', '/')}`, { body: input, headers: { authorization, ...headers } }),
  }
}

function toBytes(body: unknown): Buffer {
  if (body instanceof Uint8Array) return Buffer.from(body)
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
}

async function read(response: http.IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk)
  const text = Buffer.concat(chunks).toString()
  return { status: response.statusCode ?? 0, headers: response.headers, text, json: parse(text) }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
