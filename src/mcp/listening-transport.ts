import type {
  JSONRPCMessage,
  MessageExtraInfo,
  Transport,
  TransportSendOptions,
} from '@modelcontextprotocol/server'
import type { ResourceWatch } from './resource-watch.ts'

/** A message that may be about what a client listens to. */
interface Message {
  readonly method?: string
  readonly id?: string | number
  readonly params?: {
    readonly notifications?: { readonly resourceSubscriptions?: unknown }
    readonly requestId?: string | number
  }
}

/** The addresses that a `subscriptions/listen` request wants notifications about; undefined for any other message. */
export function listensTo(message: unknown): readonly string[] | undefined {
  if (typeof message !== 'object' || message === null) return undefined
  const { method, params } = message as Message
  if (method !== 'subscriptions/listen') return undefined
  const wanted = params?.notifications?.resourceSubscriptions
  return Array.isArray(wanted) ? wanted.filter(uri => typeof uri === 'string') : []
}

/**
 * A transport that watches whatever its client listens to. The library answers `subscriptions/listen` by itself,
 * so that a server never learns what it should watch.
 */
export class ListeningTransport implements Transport {
  onclose?: () => void
  onerror?: (error: Error) => void
  onmessage?: <T extends JSONRPCMessage>(message: T, extra?: MessageExtraInfo) => void
  /** Resolves when the connection has ended, from whichever side. */
  readonly closed: Promise<void>
  readonly #close: () => void
  readonly #inner: Transport
  readonly #watch: ResourceWatch
  readonly #listening = new Map<string | number, readonly string[]>()
  /** Messages go on in the order in which they came, though some wait for a first look at what they listen to. */
  #turn = Promise.resolve()

  constructor(inner: Transport, watch: ResourceWatch) {
    const closed = Promise.withResolvers<void>()
    this.closed = closed.promise
    this.#close = closed.resolve
    this.#inner = inner
    this.#watch = watch
  }

  async start(): Promise<void> {
    this.#inner.onclose = () => this.#ended()
    this.#inner.onerror = error => this.onerror?.(error)
    this.#inner.onmessage = (message, extra) => {
      this.#turn = this.#turn.then(async () => {
        await this.#updateWatch(message)
        this.onmessage?.(message, extra)
      })
    }
    await this.#inner.start()
  }

  send(message: JSONRPCMessage, options?: TransportSendOptions): Promise<void> {
    return this.#inner.send(message, options)
  }

  close(): Promise<void> {
    return this.#inner.close()
  }

  #ended(): void {
    this.#watch.close()
    this.onclose?.()
    this.#close()
  }

  async #updateWatch(message: unknown): Promise<void> {
    const wanted = listensTo(message)
    const { method, id, params } = message as Message
    if (wanted !== undefined && id !== undefined) {
      this.#listening.set(id, wanted)
      await Promise.all(wanted.map(uri => this.#watch.add(uri)))
    } else if (method === 'notifications/cancelled' && params?.requestId !== undefined) {
      for (const uri of this.#listening.get(params.requestId) ?? []) this.#watch.remove(uri)
      this.#listening.delete(params.requestId)
    }
  }
}
