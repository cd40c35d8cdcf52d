import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { EventRecord } from '../../src/events/events.ts'
import type { Memory } from '../../src/memory.ts'
import { TestClock } from '../support/clock.ts'
import { conform } from './conform.ts'

const leaseMs = 60_000
const types = ['a', 'b', 'b.c'] as const
const consumers = [0, 1, 2]

const is = <T extends string>(name: T) => fc.constant(name)
const who = fc.constantFrom(...consumers)
/** Stands for an event: how many before the newest. */
const back = fc.nat(6)
const someType = fc.constantFrom(...types)
const someCommand = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ do: is('log'), batch: fc.array(someType, { minLength: 1, maxLength: 4 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: is('undo'), type: someType }) },
  { weight: 5, arbitrary: fc.record({ do: is('next'), who }) },
  { weight: 2, arbitrary: fc.record({ do: is('leave'), who }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: is('commit'), back, who: fc.constantFrom(undefined, ...consumers) }),
  },
  { weight: 1, arbitrary: fc.record({ do: is('seek'), back }) },
  { weight: 1, arbitrary: fc.record({ do: is('forget') }) },
  { weight: 1, arbitrary: fc.record({ do: is('prune'), keep: fc.nat(5) }) },
  { weight: 2, arbitrary: fc.record({ do: is('advance'), ms: fc.constantFrom(1, leaseMs - 1, leaseMs) }) },
  { weight: 1, arbitrary: fc.record({ do: is('reboot') }) },
  { weight: 1, arbitrary: fc.record({ do: is('wall'), ms: fc.constantFrom(-86_400_000, 86_400_000) }) },
  { weight: 1, arbitrary: fc.record({ do: is('seal') }) },
  { weight: 1, arbitrary: fc.record({ do: is('tamper'), back }) },
)
type Command = typeof someCommand extends fc.Arbitrary<infer C> ? C : never

conform('event model', (open, times) => {
  it('behaves as its model, whatever is done in whatever order', async () => {
    const clock = new TestClock()
    const memory = await open({ clock, durability: 'normal' })
    let runs = 0
    const property = fc.asyncProperty(
      fc.array(someCommand, { maxLength: 16, size: 'max' }),
      async commands => {
        await memory.execute("delete from hivewax_counters where name = 'events_sealed'")
        await memory.execute('delete from hivewax_event_hashes')
        await memory.events.prune({ keep: 0 })
        const run = new Run(memory, clock, `group ${runs++}`)
        await run.begin()
        for (const command of commands) {
          await run.step(command)
          await run.compare()
        }
        await run.end()
      },
    )
    await fc.assert(property, { numRuns: times(2_000) })
  })
})

interface Consumer {
  events: AsyncGenerator<EventRecord, void>
  token: number
  /** The last event it was given, which counts as handled when it asks for the next. */
  given: number | undefined
  position: number
}

/** What the log and one group promise, without a store; does the same to the store, and compares the answers. */
class Run {
  readonly #memory: Memory
  readonly #clock: TestClock
  readonly #group: string
  readonly #consumers = new Map<number, Consumer>()
  #log: EventRecord[] = []
  #head = 0
  #floor = 0
  /** Undefined when there is no such group. */
  #position: number | undefined
  /** The highest that was ever given out. */
  #token = 0
  /** That of the consumer whose commits count; undefined when there is none. */
  #current: number | undefined
  #holder: number | undefined
  #until = 0
  #boot = ''
  #sealed: number | undefined
  /** Sealed events that were changed since, by id. */
  readonly #tampered = new Set<number>()

  constructor(memory: Memory, clock: TestClock, group: string) {
    this.#memory = memory
    this.#clock = clock
    this.#group = group
  }

  async begin(): Promise<void> {
    const { floor } = await this.#memory.events.prune({ keep: 0 })
    this.#floor = floor
    this.#head = floor
    const [row] = await this.#memory.query("select value from hivewax_counters where name = 'floor'")
    this.#token = Number(row?.value)
  }

  async step(command: Command): Promise<void> {
    const { events } = this.#memory
    switch (command.do) {
      case 'log': {
        const logged = await events.logMany(command.batch.map(type => ({ type })))
        expect(logged.map(event => event.type)).toEqual(command.batch)
        for (const event of logged) {
          expect(event.id).toBeGreaterThan(this.#head)
          this.#head = event.id
        }
        this.#log.push(...logged)
        return
      }
      case 'undo': {
        const undone = this.#memory.transaction(async tx => {
          await tx.logEvent(command.type)
          throw new Error('undone')
        })
        return expect(undone).rejects.toThrow('undone')
      }
      case 'next':
        return this.#next(command.who)
      case 'leave':
        return this.#leave(command.who)
      case 'commit':
        return this.#commit(this.#pick(command.back), command.who)
      case 'seek':
        await events.seek(this.#group, this.#pick(command.back))
        this.#position = this.#pick(command.back)
        this.#current = ++this.#token
        this.#holder = undefined
        return
      case 'forget':
        expect(await events.deleteGroup(this.#group)).toBe(this.#position !== undefined)
        this.#position = undefined
        this.#current = undefined
        this.#holder = undefined
        return
      case 'prune':
        return this.#prune(command.keep)
      case 'advance':
        return this.#clock.advance(command.ms)
      case 'reboot':
        return this.#clock.reboot()
      case 'wall':
        return this.#clock.setWall(this.#clock.now() + command.ms)
      case 'seal':
        await events.seal()
        this.#sealed ??= this.#head
        return
      case 'tamper':
        return this.#tamper(this.#pick(command.back))
    }
  }

  async compare(): Promise<void> {
    const { events } = this.#memory
    expect((await events.list({ limit: 1000 })).items).toEqual(this.#log)
    expect((await events.list({ types: ['b*'], limit: 1000 })).items).toEqual(this.#log.filter(isB))
    expect(await events.offset(this.#group)).toBe(this.#position)
    const { items } = await events.groups({ limit: 10_000 })
    const lag = Math.max(0, this.#head - (this.#position ?? 0))
    const consumer = this.#isHeld ? `c${this.#holder}` : undefined
    const group = { group: this.#group, position: this.#position, lag, consumer }
    const found = items.filter(each => each.group === this.#group)
    expect(found).toMatchObject(this.#position === undefined ? [] : [group])
    if (this.#sealed === undefined)
      return expect(events.verify()).rejects.toMatchObject({ code: 'not_found' })
    const verified = await events.verify()
    const sealed = this.#log.filter(event => event.id > (this.#sealed ?? 0))
    const bad = sealed.find(event => this.#tampered.has(event.id))
    const checked = bad === undefined ? sealed.length : sealed.indexOf(bad)
    const firstBad = bad && { id: bad.id, why: 'changed' }
    expect(verified).toMatchObject({ ok: bad === undefined, checked, firstBad })
  }

  async end(): Promise<void> {
    for (const consumer of this.#consumers.values()) await consumer.events.return()
    await this.#memory.events.deleteGroup(this.#group)
  }

  get #isHeld(): boolean {
    return (
      this.#holder !== undefined &&
      this.#boot === this.#clock.bootId &&
      this.#until > this.#clock.monotonicMs()
    )
  }

  #pick(back: number): number {
    return Math.max(0, this.#head - back)
  }

  /** Asks for the next event, where there is one to be had without waiting for it. */
  async #next(who: number): Promise<void> {
    const consumer = this.#consumers.get(who)
    const isStale = consumer !== undefined && !this.#isCurrent(consumer)
    if (consumer === undefined && this.#isHeld) return
    const position = consumer === undefined ? this.#position : (consumer.given ?? consumer.position)
    const start = position ?? 0
    const next = this.#log.find(event => event.id > start && isB(event))
    if (isStale) {
      this.#consumers.delete(who)
      await expect(consumer.events.next()).rejects.toMatchObject({ code: 'stale_token' })
      return
    }
    if (start < this.#floor) return this.#nextCompacted(who, consumer)
    if (next === undefined) return
    const asked = consumer ?? this.#take(who, start)
    if (asked.given !== undefined) this.#move(asked.given)
    asked.given = next.id
    // Events come in batches: what somebody changes meanwhile may be given as it was.
    expect(await asked.events.next()).toMatchObject({ done: false, value: { id: next.id } })
    if (consumer === undefined) this.#until = this.#clock.monotonicMs() + leaseMs
  }

  async #nextCompacted(who: number, consumer: Consumer | undefined): Promise<void> {
    // What was read before the prune is still given; only who begins is told for sure.
    if (consumer !== undefined) return
    const asked = this.#take(who, this.#position ?? 0)
    this.#position ??= 0
    await expect(asked.events.next()).rejects.toMatchObject({ code: 'compacted' })
    this.#consumers.delete(who)
    this.#holder = undefined
  }

  #take(who: number, position: number): Consumer {
    const options = { group: this.#group, consumer: `c${who}`, types: ['b*'], since: 0, leaseMs }
    const events = this.#memory.events.subscribe(options)[Symbol.asyncIterator]()
    this.#current = ++this.#token
    this.#position ??= 0
    this.#holder = who
    this.#boot = this.#clock.bootId
    this.#until = this.#clock.monotonicMs() + leaseMs
    const consumer = { events, token: this.#token, given: undefined, position }
    this.#consumers.set(who, consumer)
    return consumer
  }

  #isCurrent(consumer: Consumer): boolean {
    return consumer.token === this.#current
  }

  #move(id: number): boolean {
    if ((this.#position ?? -1) >= id) return false
    this.#position = id
    return true
  }

  async #leave(who: number): Promise<void> {
    const consumer = this.#consumers.get(who)
    if (consumer === undefined) return
    this.#consumers.delete(who)
    if (this.#isCurrent(consumer)) this.#holder = undefined
    await consumer.events.return()
  }

  async #commit(id: number, who: number | undefined): Promise<void> {
    const consumer = who === undefined ? undefined : this.#consumers.get(who)
    const committed = this.#memory.events.commit(this.#group, id, { token: consumer?.token })
    if (consumer !== undefined && !this.#isCurrent(consumer))
      return expect(committed).rejects.toMatchObject({ code: 'stale_token' })
    expect(await committed).toBe(this.#move(id))
  }

  async #prune(keep: number): Promise<void> {
    const deleted = Math.max(0, this.#log.length - keep)
    this.#floor = this.#log[deleted - 1]?.id ?? this.#floor
    this.#log = this.#log.slice(deleted)
    expect(await this.#memory.events.prune({ keep })).toEqual({ deleted, floor: this.#floor })
    const since = this.#floor - 1
    if (since < 0) return
    await expect(this.#memory.events.list({ since })).rejects.toMatchObject({ code: 'compacted' })
  }

  async #tamper(id: number): Promise<void> {
    const event = this.#log.find(each => each.id === id)
    if (event === undefined || this.#tampered.has(id)) return
    await this.#memory.execute(`update events set source = 'tampered' where id = ${id}`)
    event.source = 'tampered'
    // PostgreSQL does not notice who wrote it: the seal does.
    if (!this.#memory.url.startsWith('postgres')) event.author = undefined
    if (this.#sealed !== undefined && id > this.#sealed) this.#tampered.add(id)
  }
}

function isB({ type }: EventRecord): boolean {
  return type.startsWith('b')
}
