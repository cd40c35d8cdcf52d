import http from 'node:http'
import { onTestFinished } from 'vitest'
import type { Serving } from '../../src/http/http-server.ts'

export interface Message {
  readonly id: string | undefined
  readonly event: string | undefined
  readonly data: string | undefined
}

/** A stream of server-sent events as it is read, closed after the test. */
export interface Sse extends AsyncIterable<Message> {
  readonly response: http.IncomingMessage
  /** Breaks the connection. */
  cut(): void
}

/** Opens a stream; resolves when its headers are there. */
export function openStream(
  { url }: Pick<Serving, 'url'>,
  token: string,
  path: string,
  headers: http.OutgoingHttpHeaders = {},
): Promise<Sse> {
  return new Promise((resolve, reject) => {
    const request = http.get(`${url}/v1/${path}`, {
      headers: { authorization: `Bearer ${token}`, ...headers },
      agent: false,
    })
    onTestFinished(() => void request.destroy())
    request.on('error', reject)
    request.on('response', response => {
      resolve({
        response,
        cut: () => void request.destroy(),
        [Symbol.asyncIterator]: () => messages(response),
      })
    })
  })
}

async function* messages(response: http.IncomingMessage): AsyncGenerator<Message> {
  let rest = ''
  response.setEncoding('utf8')
  for await (const text of response) {
    const parts = (rest + text).split('\n\n')
    rest = parts.pop() ?? ''
    yield* parts.map(read)
  }
}

function read(part: string): Message {
  const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(part)?.[1]
  return { id: field('id'), event: field('event'), data: field('data') }
}
