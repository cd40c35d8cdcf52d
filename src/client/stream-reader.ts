import { setTimeout as sleep } from 'node:timers/promises'
import { Closed, errorFromJson, HivewaxError } from '../errors.ts'
import { fromWire } from '../wire.ts'
import type { CallHeaders, ServerConnection } from './server-connection.ts'

/** The pause before a broken stream is opened anew, in milliseconds. */
const pauseMs = 200

export interface StreamOptions {
  /** The path below the version. */
  readonly path: string
  readonly query: Readonly<Record<string, string | undefined>>
  /** Where to start after, once it is known; undefined for a stream that has no places. */
  readonly start: Promise<number | undefined>
  readonly signal: AbortSignal | undefined
}

/**
 * The items of a stream of the server, in order, each once, until `signal` aborts: a stream that breaks is opened
 * anew after the last item that arrived.
 */
export async function* readStream<T>(
  connection: ServerConnection,
  as: CallHeaders,
  { path, query, start, signal }: StreamOptions,
): AsyncGenerator<T, void, undefined> {
  const ends = AbortSignal.any([connection.closing, ...(signal === undefined ? [] : [signal])])
  let since = await start
  while (!ends.aborted) {
    try {
      const response = await connection.open(`${path}?${toQuery({ ...query, since })}`, { as, signal: ends })
      for await (const { id, data, event } of messages(response)) {
        if (ends.aborted) break
        if (event === 'error') throw errorFromJson(JSON.parse(data).error)
        if (id !== undefined) since = Number(id)
        yield fromWire(data) as T
      }
    } catch (error) {
      if (ends.aborted) break
      // What the server refuses it will refuse again.
      if (error instanceof HivewaxError) throw error
    }
    await sleep(pauseMs, undefined, { signal: ends }).catch(() => {})
  }
  if (connection.closing.aborted && !signal?.aborted) throw new Closed('the memory is closed')
}

function toQuery(fields: Readonly<Record<string, string | number | undefined>>): URLSearchParams {
  const given = Object.entries(fields).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, String(value)]],
  )
  return new URLSearchParams(given)
}

interface Message {
  id: string | undefined
  event: string | undefined
  data: string
}

/** Reads server-sent events (WHATWG HTML, "Server-sent events"): fields by line, a message by empty line. */
async function* messages({ body }: Response): AsyncGenerator<Message> {
  if (body === null) return
  let rest = ''
  for await (const text of body.pipeThrough(new TextDecoderStream())) {
    const parts = (rest + text).split('\n\n')
    rest = parts.pop() ?? ''
    for (const part of parts) {
      const message = readMessage(part)
      if (message !== undefined) yield message
    }
  }
}

function readMessage(part: string): Message | undefined {
  const fields = part.split('\n').map(line => /^(\w+): ?(.*)$/s.exec(line))
  const of = (name: string) => fields.filter(field => field?.[1] === name).map(field => field?.[2] ?? '')
  const data = of('data')
  return data.length === 0 ? undefined : { id: of('id')[0], event: of('event')[0], data: data.join('\n') }
}
