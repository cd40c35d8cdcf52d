import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { anthropic } from './anthropic.ts'
import { chat } from './chat.ts'
import type { Body, Dialect, Event, Reply, Turn } from './dialect.ts'
import { gemini } from './gemini.ts'
import { responses } from './responses.ts'

const dialects: readonly Dialect[] = [anthropic, responses, chat, gemini]

/** What the model does, by what it is told. */
export type Script = (turn: Turn, body: Body) => Promise<Reply>

/** How often a stream shows that it is alive while the model thinks, in milliseconds. */
const breathMs = 5_000

/** A model on loopback that does what a script says, in the dialect that it is asked in. */
export class ScriptedModel {
  readonly #server: Server
  script: Script = async () => ({ say: 'Nothing to do.' })

  constructor() {
    this.#server = createServer((request, response) => void this.#serve(request, response))
  }

  /** @returns its address, such as `http://127.0.0.1:40123` */
  async listen(): Promise<string> {
    await new Promise<void>(resolve => this.#server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise(resolve => this.#server.close(resolve))
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [path = ''] = (request.url ?? '').split('?')
    const dialect = dialects.find(({ isAsked }) => isAsked(path))
    if (dialect === undefined || request.method !== 'POST') {
      // Clients ask for more, such as lists of models, and go on without.
      response.writeHead(404, { 'content-type': 'application/json' }).end('{}')
      return
    }
    const body = (await json(request)) as Body
    const isStream = body.stream === true || path.includes('streamGenerate')
    response.writeHead(200, { 'content-type': isStream ? 'text/event-stream' : 'application/json' })
    response.flushHeaders()
    const breathing = setInterval(() => isStream && response.write(dialect.breath), breathMs)
    const reply = await this.script(dialect.read(body), body).finally(() => clearInterval(breathing))
    response.end(
      isStream ? dialect.events(reply).map(spelled).join('') : JSON.stringify(dialect.whole(reply)),
    )
  }
}

function spelled({ event, data }: Event): string {
  const name = event === undefined ? '' : `event: ${event}\n`
  return `${name}data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`
}
