import type { EventFacts } from './answers.ts'
import { ApiError, request } from './call.ts'
import { readMessages } from './server-events.ts'

/** How the page hears of what happens. */
export type Connection =
  | { readonly is: 'connecting' | 'live' | 'hidden' | 'refused' }
  | { readonly is: 'lost'; readonly since: number }

export interface FeedState {
  readonly connection: Connection
  /** What has happened since the page listens, latest last; at most {@link mostKept}. */
  readonly events: readonly EventFacts[]
}

/** More than these are read anew by whoever wants to see them. */
const mostKept = 1_000

/** How often the page is told of news, in milliseconds, however many there are. */
const tellMs = 250

const retryMs = { first: 500, most: 10_000 }

type Listener = (news: readonly EventFacts[], isGap: boolean) => void

/**
 * The one stream of the page. It goes on where it was broken off, by id. A hidden page lets go of it, and starts anew
 * when it is seen again: then everything is to be read again, which its listeners are told as a gap.
 */
class Feed {
  #state: FeedState = { connection: { is: 'connecting' }, events: [] }
  #news: EventFacts[] = []
  #isGap = false
  #lastId: string | undefined
  #telling: number | undefined
  #ending: AbortController | undefined
  readonly #listeners = new Set<Listener>()

  readonly subscribe = (listener: Listener): (() => void) => {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  readonly state = (): FeedState => this.#state

  /** Listens from now on. */
  start(): void {
    document.addEventListener('visibilitychange', this.#look)
    window.addEventListener('online', this.#again)
    this.#look()
  }

  stop(): void {
    document.removeEventListener('visibilitychange', this.#look)
    window.removeEventListener('online', this.#again)
    this.#leave({ is: 'connecting' })
  }

  readonly #look = (): void => {
    if (document.hidden) this.#leave({ is: 'hidden' })
    else if (this.#ending === undefined) this.#begin()
  }

  #begin(): void {
    this.#ending = new AbortController()
    this.#gap()
    void this.#listen(this.#ending.signal)
  }

  readonly #again = (): void => {
    if (this.#state.connection.is !== 'lost') return
    this.#ending?.abort()
    this.#ending = undefined
    this.#look()
  }

  #leave(connection: Connection): void {
    this.#ending?.abort()
    this.#ending = undefined
    this.#lastId = undefined
    this.#set(connection)
  }

  async #listen(signal: AbortSignal): Promise<void> {
    for (let waitMs = retryMs.first; !signal.aborted; waitMs = Math.min(2 * waitMs, retryMs.most)) {
      try {
        await this.#hear(signal, () => {
          waitMs = retryMs.first
        })
      } catch (error) {
        if (signal.aborted) return
        if (error instanceof ApiError && error.code === 'forbidden') {
          this.#set({ is: 'refused' })
          return
        }
        // The place is in another log, as after a restore, or what follows was pruned.
        if (error instanceof ApiError) this.#gap()
      }
      if (signal.aborted) return
      const { connection } = this.#state
      this.#set(connection.is === 'lost' ? connection : { is: 'lost', since: Date.now() })
      await pause(waitMs, signal)
    }
  }

  async #hear(signal: AbortSignal, onOpen: () => void): Promise<void> {
    const headers = this.#lastId === undefined ? {} : { 'last-event-id': this.#lastId }
    const { body } = await request('v1/events/stream', { headers, signal })
    if (body === null) return
    onOpen()
    this.#set({ is: 'live' })
    for await (const { id, event, data } of readMessages(body)) {
      if (event === 'error') throw new ApiError(JSON.parse(data).error)
      this.#lastId = id ?? this.#lastId
      if (data !== '') this.#take(JSON.parse(data))
    }
  }

  #gap(): void {
    this.#lastId = undefined
    this.#isGap = true
    this.#state = { ...this.#state, events: [] }
    this.#tellSoon()
  }

  #take(event: EventFacts): void {
    this.#news.push(event)
    this.#tellSoon()
  }

  #tellSoon(): void {
    this.#telling ??= window.setTimeout(() => this.#tell(), tellMs)
  }

  #tell(): void {
    this.#telling = undefined
    const [news, isGap] = [this.#news, this.#isGap]
    this.#news = []
    this.#isGap = false
    this.#state = { ...this.#state, events: [...this.#state.events, ...news].slice(-mostKept) }
    for (const listener of this.#listeners) listener(news, isGap)
  }

  #set(connection: Connection): void {
    this.#state = { ...this.#state, connection }
    for (const listener of this.#listeners) listener([], false)
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}

export const feed = new Feed()
