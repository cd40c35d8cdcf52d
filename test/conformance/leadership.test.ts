import { setImmediate as nextTurn } from 'node:timers/promises'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Leadership } from '../../src/locks/leadership.ts'
import type { Memory } from '../../src/memory.ts'
import { openMemory } from '../../src/open.ts'
import { TestClock } from '../support/clock.ts'
import { take } from '../support/take.ts'
import { conform } from './conform.ts'

/** So long that a leader that renews it keeps it though the machine stands still for three seconds. */
const renewedMs = 6_000

/** So long that no renewal falls into a test that advances the clock by hand. */
const leaseMs = 3_600_000

conform('leadership', (open, times) => {
  it('asserts a lock inside a transaction: a former holder changes nothing', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    const write = (lock: { name: string; token: number }, value: string) =>
      memory.transaction(async tx => {
        await tx.locks.assert(lock)
        await tx.store('ledger', value)
      })
    const former = await memory.locks.acquire('ledger', { leaseMs: 100 })
    await write(former, 'former')
    clock.advance(100)
    const stale = { code: 'stale_token', details: { name: 'ledger', token: 1 } }
    await expect(write(former, 'lapsed')).rejects.toMatchObject(stale)
    const current = await memory.locks.acquire('ledger', { leaseMs: 100 })
    await expect(write(former, 'zombie')).rejects.toMatchObject(stale)
    await write(current, 'current')
    expect(await memory.retrieve('ledger')).toBe('current')
    await expect(memory.locks.assert({ name: '', token: 1 })).rejects.toMatchObject({ code: 'invalid_input' })
  })

  it('elects one, who leads under a term until it resigns', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    const first = await memory.locks.campaign('chief', { candidate: 'a', leaseMs })
    expect(first).toMatchObject({ name: 'chief', leader: 'a', term: 1 })
    const since = new Date(clock.now())
    clock.advance(10)
    expect(await memory.locks.leader('chief')).toEqual({
      name: 'chief',
      leader: 'a',
      term: 1,
      since,
      remainingMs: leaseMs - 10,
    })
    const waiting = memory.locks.campaign('chief', { candidate: 'b' })
    await first.resign()
    expect(first.signal.aborted).toBe(true)
    const second = await waiting
    expect(second).toMatchObject({ leader: 'b', term: 2 })
    await first.resign()
    expect(await memory.locks.leader('chief')).toMatchObject({ leader: 'b', term: 2 })
    await second.resign()
    expect(await memory.locks.leader('chief')).toBeUndefined()
  })

  it('tells of elections and resignations in the log, each once', async () => {
    const memory = await open()
    {
      await using first = await memory.locks.campaign('chief', { candidate: 'a' })
      expect(first.term).toBe(1)
      await first.resign()
    }
    const second = await memory.as('b').locks.campaign('chief')
    await second.resign()
    const { items } = await memory.events.list({ order: 'asc' })
    expect(items.map(({ type, source, data }) => ({ type, source, data }))).toEqual([
      { type: 'leader.elected', source: 'a', data: { name: 'chief', leader: 'a', term: 1 } },
      { type: 'leader.resigned', source: 'a', data: { name: 'chief', leader: 'a', term: 1 } },
      { type: 'leader.elected', source: 'b', data: { name: 'chief', leader: 'b', term: 2 } },
      { type: 'leader.resigned', source: 'b', data: { name: 'chief', leader: 'b', term: 2 } },
    ])
  })

  it('elects another when the lease of a leader and the delay after it have lapsed', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    const dead = await memory.locks.campaign('chief', { candidate: 'a', leaseMs, delayMs: 50 })
    const waiting = memory.locks.campaign('chief', { candidate: 'b' })
    clock.advance(leaseMs + 49)
    expect(await memory.locks.leader('chief')).toBeUndefined()
    await expect(memory.locks.acquire('chief')).rejects.toMatchObject({ details: { remainingMs: 1 } })
    clock.advance(1)
    const next = await waiting
    expect(next).toMatchObject({ leader: 'b', term: 2 })
    await dead.resign()
    expect(await memory.locks.leader('chief')).toMatchObject({ term: 2 })
    await next.resign()
  })

  it('aborts the signal of a leader that was superseded, and of one whose memory is closed', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    const lost = await memory.locks.campaign('chief', { leaseMs: renewedMs })
    clock.advance(renewedMs)
    await memory.locks.acquire('chief', { owner: 'thief' })
    await aborted(lost)
    expect(lost.signal.reason).toMatchObject({ code: 'stale_token' })
    const other = await memory.locks.campaign('other', { leaseMs })
    await memory.close()
    await aborted(other)
    expect(other.signal.reason).toMatchObject({ code: 'closed' })
  })

  it('lets others lead at once when the memory of a leader is closed', async () => {
    const memory = await open()
    const other = await openMemory(memory.url, { background: false })
    const chief = await other.locks.campaign('chief', { leaseMs, candidate: 'a' })
    const waiting = memory.locks.campaign('chief', { leaseMs, candidate: 'b' })
    await other.close()
    expect(chief.signal.aborted).toBe(true)
    await using next = await waiting
    expect(next).toMatchObject({ leader: 'b', term: 2 })
    expect((await memory.events.list()).items.map(event => event.type)).toEqual([
      'leader.elected',
      'leader.resigned',
      'leader.elected',
    ])
  })

  it('renews a term in the background', async () => {
    const memory = await open()
    await using chief = await memory.locks.campaign('chief', { leaseMs: renewedMs })
    // Each renewal makes more of the lease remain than did at the look before.
    for (let last = 0, rises = 0; rises < 3; await nextTurn()) {
      const { remainingMs = 0 } = (await memory.locks.leader('chief')) ?? {}
      if (remainingMs > last) rises++
      last = remainingMs
    }
    expect(chief.signal.aborted).toBe(false)
  })

  it('leaves nobody in office who gave up while the election was under way', async () => {
    const memory = await open()
    const controller = new AbortController()
    const winning = memory.locks.campaign('chief', { leaseMs, signal: controller.signal })
    controller.abort('no more')
    await expect(winning).rejects.toBe('no more')
    expect(await memory.locks.leader('chief')).toBeUndefined()
  })

  it('ends a campaign when its signal aborts', async () => {
    const memory = await open()
    await using chief = await memory.locks.campaign('chief')
    const controller = new AbortController()
    const waiting = memory.locks.campaign('chief', { signal: controller.signal })
    controller.abort(new Error('enough'))
    await expect(waiting).rejects.toThrow('enough')
    await expect(memory.locks.campaign('other', { signal: controller.signal })).rejects.toThrow('enough')
    expect(await memory.locks.leader('other')).toBeUndefined()
    expect(chief.term).toBe(1)
  })

  it('refuses a campaign inside a transaction, and bad input', async () => {
    const memory = await open()
    const inside = memory.transaction(tx => tx.locks.campaign('chief'))
    await expect(inside).rejects.toMatchObject({ code: 'transaction_misuse' })
    const bad = { code: 'invalid_input' }
    await expect(memory.locks.campaign('')).rejects.toMatchObject(bad)
    await expect(memory.locks.campaign('a', { leaseMs: 0 })).rejects.toMatchObject(bad)
    await expect(memory.locks.campaign('a', { candidate: '' })).rejects.toMatchObject(bad)
    expect(() => memory.locks.observe('')).toThrow(expect.objectContaining(bad))
  })

  it('shows the leaders as they change, nobody included', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    const seen = memory.locks.observe('chief')[Symbol.asyncIterator]()
    const next = async () => (await seen.next()).value?.leader
    expect(await next()).toBeUndefined()
    const first = await memory.locks.campaign('chief', { candidate: 'a', leaseMs })
    expect(await next()).toBe('a')
    await first.resign()
    expect(await next()).toBeUndefined()
    await memory.locks.acquire('chief', { owner: 'b', leaseMs })
    expect(await next()).toBe('b')
    const vacant = next()
    await nextTurn()
    // Nobody writes anything: time alone ends this one.
    clock.advance(leaseMs)
    expect(await vacant).toBeUndefined()
    await seen.return?.()
  })

  it('ends an observation when its signal aborts, and shows the present leader first', async () => {
    const memory = await open()
    await memory.locks.acquire('chief', { owner: 'a' })
    const controller = new AbortController()
    const [leader] = await take(memory.locks.observe('chief', { signal: controller.signal }), 1)
    expect(leader).toMatchObject({ leader: 'a', term: 1 })
    controller.abort()
    expect(await take(memory.locks.observe('chief', { signal: controller.signal }), 1)).toEqual([])
  })

  it('lets one of many lead at a time, each under a higher term', async () => {
    const memory = await open({ durability: 'normal' })
    const terms: number[] = []
    let leaders = 0
    const rule = async () => {
      await using chief = await memory.locks.campaign('chief')
      expect(++leaders).toBe(1)
      terms.push(chief.term)
      await nextTurn()
      leaders--
    }
    await Promise.all(Array.from({ length: 12 }, rule))
    expect(terms).toEqual(Array.from({ length: 12 }, (_, i) => i + 1))
  })

  it('behaves as its model under random campaigns, lapses and resignations', async () => {
    const clock = new TestClock()
    const memory = await open({ clock, durability: 'normal' })
    let runs = 0
    const property = fc.asyncProperty(
      fc.array(anyCommand, { maxLength: 12, size: 'max' }),
      async commands => {
        const election = new Election(memory, clock, `election ${runs++}`)
        for (const command of commands) await election.run(command)
        await election.end()
      },
    )
    await fc.assert(property, { numRuns: times(1_000) })
  })
})

function aborted({ signal }: Leadership): Promise<unknown> {
  if (signal.aborted) return Promise.resolve()
  return new Promise(resolve => signal.addEventListener('abort', resolve))
}

const anyCommand = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('campaign' as const), delayMs: fc.constantFrom(0, 20) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('resign' as const), back: fc.nat(1) }) },
  fc.record({ do: fc.constant('guard' as const), back: fc.nat(1) }),
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('advance' as const), ms: fc.constantFrom(1, 20, leaseMs) }),
  },
  fc.record({ do: fc.constant('reboot' as const) }),
)
type Command = typeof anyCommand extends fc.Arbitrary<infer T> ? T : never

/** One election, and the plainest model of it: who leads until when, and what the log must say. */
class Election {
  readonly #memory: Memory
  readonly #clock: TestClock
  readonly #name: string
  readonly #terms: Leadership[] = []
  readonly #log: string[] = []
  #until = 0
  #delayMs = 0
  #isHeld = false

  constructor(memory: Memory, clock: TestClock, name: string) {
    this.#memory = memory
    this.#clock = clock
    this.#name = name
  }

  async run(command: Command): Promise<void> {
    if (command.do === 'advance') this.#clock.advance(command.ms)
    if (command.do === 'reboot') {
      this.#clock.reboot()
      this.#until = Number.NEGATIVE_INFINITY
    }
    if (command.do === 'campaign') await this.#campaign(command.delayMs)
    if (command.do === 'resign') await this.#resign(this.#terms.at(-1 - command.back))
    if (command.do === 'guard') await this.#guard(this.#terms.at(-1 - command.back))
    const leader = await this.#memory.locks.leader(this.#name)
    expect(leader?.term).toBe(this.#leads ? this.#terms.length : undefined)
  }

  /** Resigns all, so that no term is renewed any more, and compares the log. */
  async end(): Promise<void> {
    for (const term of this.#terms) await this.#resign(term)
    const { items } = await this.#memory.events.list({ source: this.#name, order: 'asc' })
    const told = items.map(({ type, data }) => `${type} ${(data as { term: number }).term}`)
    expect(told).toEqual(this.#log)
  }

  get #leads(): boolean {
    return this.#isHeld && this.#clock.monotonicMs() < this.#until
  }

  async #campaign(delayMs: number): Promise<void> {
    const isFree = !this.#isHeld || this.#clock.monotonicMs() >= this.#until + this.#delayMs
    if (!isFree) {
      const { signal } = this.#given
      const waiting = this.#memory.locks.campaign(this.#name, { signal })
      return expect(waiting).rejects.toThrow('enough')
    }
    const options = { candidate: this.#name, leaseMs, delayMs }
    this.#terms.push(await this.#memory.locks.campaign(this.#name, options))
    expect(this.#terms.at(-1)?.term).toBe(this.#terms.length)
    this.#log.push(`leader.elected ${this.#terms.length}`)
    this.#until = this.#clock.monotonicMs() + leaseMs
    this.#delayMs = delayMs
    this.#isHeld = true
  }

  /** Aborts after a first, vain attempt. */
  get #given(): AbortController {
    const controller = new AbortController()
    setImmediate(() => controller.abort(new Error('enough')))
    return controller
  }

  async #resign(leadership: Leadership | undefined): Promise<void> {
    if (leadership === undefined) return
    await leadership.resign()
    if (leadership.term !== this.#terms.length || !this.#isHeld) return
    this.#isHeld = false
    this.#log.push(`leader.resigned ${leadership.term}`)
  }

  /** A write in the name of a term: it must be refused unless that term leads at this moment. */
  async #guard(leadership: Leadership | undefined): Promise<void> {
    if (leadership === undefined) return
    const lock = { name: this.#name, token: leadership.term }
    const leads = this.#leads && leadership.term === this.#terms.length
    const asserted = await this.#memory.locks.assert(lock).then(
      () => true,
      () => false,
    )
    expect(asserted).toBe(leads)
  }
}
