import { Closed, Deadline, Unauthorized } from '../errors.ts'
import type { Memory } from '../memory.ts'
import { within } from '../util/within.ts'
import { type Caller, ownerId } from './authenticator.ts'
import { ConcurrencyLimit } from './concurrency-limit.ts'

/** How many of what may be under way at a time. A caller's own share leaves room for others, whatever it does. */
const limits = {
  calls: { what: 'calls under way', all: 2_000, perCaller: 500 },
  streams: { what: 'streams', all: 1_000, perCaller: 250 },
  /** Streams of MCP look again and again at what they are about. */
  listeners: { what: 'streams of MCP', all: 256, perCaller: 64 },
  /** Those too that wait for their turn. */
  transactions: { what: 'transactions', all: 256, perCaller: 64 },
}

type Kind = keyof typeof limits

/** How often it looks whether callers that have something under way may still be here, in milliseconds. */
const lookMs = 1_000

/** Something that a caller has under way. */
export interface Visit {
  /** Aborts when it is to end: its caller has left, has had its time, or may no longer be here. */
  readonly signal: AbortSignal
  /** Ends it before that. */
  end(reason: Error): void
  /** It has ended. To be called once or more. */
  leave(): void
}

interface Guest {
  readonly caller: Caller
  readonly visits: Set<AbortController>
}

interface CallLimits {
  /** Aborts when the caller leaves. */
  readonly left: AbortSignal
  /** How long the caller waits, where that is less than the door allows, in milliseconds. */
  readonly timeoutMs?: number | undefined
  /** It changes nothing. */
  readonly isRead?: boolean
}

/**
 * The one place at which everything is bounded that callers have under way, whatever it is: how much of it there is at a
 * time, for how long, and that it ends when its caller leaves, or may no longer be here.
 */
export class Door {
  readonly #timeoutMs: number
  readonly #limits = new Map(
    Object.entries(limits).map(([kind, { what, ...bounds }]) => [kind, new ConcurrencyLimit(what, bounds)]),
  )
  readonly #guests = new Map<string, Guest>()
  /** The tokens that are being revoked. */
  readonly #revoked = new Set<string>()
  readonly #heard = new WeakSet<Memory>()
  #looking: NodeJS.Timeout | undefined

  /** @param timeoutMs how long a call may take, in milliseconds */
  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs
  }

  /**
   * Runs a call, which is to end when `signal` aborts.
   * @throws Busy when too much is under way
   */
  async call<T>(
    caller: Caller,
    limits: CallLimits,
    run: (bounds: { signal: AbortSignal; timeoutMs: number }) => Promise<T>,
  ): Promise<T> {
    const visit = this.enterCall(caller, limits)
    try {
      return await run({ signal: visit.signal, timeoutMs: this.#timeOf(limits) })
    } finally {
      visit.leave()
    }
  }

  /** Begins a call, which is to end when its time is over. @throws Busy when too much is under way */
  enterCall(caller: Caller, limits: CallLimits): Visit {
    const { left, isRead = false } = limits
    const visit = this.enter(caller, 'calls', left)
    const ms = this.#timeOf(limits)
    const timer = setTimeout(() => visit.end(tooLate(ms, isRead)), ms)
    const leave = () => {
      clearTimeout(timer)
      visit.leave()
    }
    return { ...visit, leave }
  }

  /**
   * Waits until it is known who calls, for as long as a call may take.
   * @throws Deadline when it takes longer
   */
  async admit(caller: Promise<Caller>): Promise<Caller> {
    const found = await within(caller, this.#timeoutMs)
    if (found === undefined) throw notAdmitted(this.#timeoutMs)
    return found
  }

  /**
   * Begins something that a caller has under way.
   * @param left aborts when the caller leaves. Default: it ends by itself
   * @throws Busy when it has, or all have, too much of it; Unauthorized when its token is being revoked
   */
  enter(caller: Caller, kind: Kind, left?: AbortSignal): Visit {
    if (this.#revoked.has(caller.id)) throw revoked()
    const release = this.#limits.get(kind)?.take(caller.id)
    const ends = new AbortController()
    const depart = () => ends.abort(new Closed('the caller has left'))
    left?.addEventListener('abort', depart, { once: true })
    if (left?.aborted) depart()
    this.#guest(caller).visits.add(ends)
    return {
      signal: ends.signal,
      end: reason => ends.abort(reason),
      leave: () => {
        release?.()
        left?.removeEventListener('abort', depart)
        this.#forget(caller, ends)
      },
    }
  }

  /** Hears of this memory which tokens are revoked in this process: what their holders have under way ends at that moment. */
  listenTo(memory: Memory): void {
    if (this.#heard.has(memory)) return
    this.#heard.add(memory)
    memory.on('token_revoking', (id, done) => {
      this.#revoked.add(id)
      this.#expel(id, revoked())
      // From then on the store knows it; and when it could not be revoked, it is good.
      const forget = () => void this.#revoked.delete(id)
      done.then(forget, forget)
    })
  }

  /** How long a call may take, in milliseconds. */
  #timeOf({ timeoutMs = Number.POSITIVE_INFINITY }: CallLimits): number {
    return Math.min(timeoutMs, this.#timeoutMs)
  }

  #guest(caller: Caller): Guest {
    const guest = this.#guests.get(caller.id) ?? { caller, visits: new Set() }
    this.#guests.set(caller.id, guest)
    if (caller.id !== ownerId) this.#looking ??= setInterval(() => void this.#look(), lookMs).unref()
    return guest
  }

  #forget({ id }: Caller, ends: AbortController): void {
    const guest = this.#guests.get(id)
    guest?.visits.delete(ends)
    if (guest?.visits.size === 0) this.#guests.delete(id)
    if (this.#guests.size > 0) return
    clearInterval(this.#looking)
    this.#looking = undefined
  }

  /** Finds what was revoked by other processes, and what has expired. */
  async #look(): Promise<void> {
    for (const [id, { caller }] of [...this.#guests]) {
      try {
        await caller.check()
      } catch (error) {
        // When the store is busy, the next look finds out.
        if (error instanceof Unauthorized || error instanceof Closed) this.#expel(id, error)
      }
    }
  }

  #expel(id: string, reason: Error): void {
    for (const ends of this.#guests.get(id)?.visits ?? []) ends.abort(reason)
  }
}

function revoked(): Unauthorized {
  return new Unauthorized('the token was revoked', { hint: 'Ask for another one (hivewax token create).' })
}

function notAdmitted(timeoutMs: number): Deadline {
  return new Deadline(`it was not found out within ${timeoutMs} ms who calls`, {
    hint: 'Nothing was done: try again when the store answers.',
  })
}

function tooLate(timeoutMs: number, isRead: boolean): Deadline {
  return new Deadline(`the call took longer than ${timeoutMs} ms`, {
    hint: isRead ? 'Ask for less at a time.' : 'It may have been done, or not: look before you try again.',
    ...(!isRead && { details: { outcome: 'unknown' } }),
  })
}
