import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, it } from 'vitest'
import type { EventRecord } from '../../src/events/events.ts'
import type { Memory } from '../../src/memory.ts'
import { TestClock } from '../support/clock.ts'
import { comesSoon } from '../support/patience.ts'
import { take } from '../support/take.ts'
import { conform } from './conform.ts'

const leaseMs = 60_000
const stale = { code: 'stale_token' }

/** A subscription of which events are asked one by one. */
function consume(memory: Memory, consumer: string) {
  const subscription = memory.events.subscribe({ group: 'g', since: 0, leaseMs, consumer })
  return { subscription, events: subscription[Symbol.asyncIterator]() }
}

const dataOf = (result: IteratorResult<EventRecord, void>) => result.value?.data

async function logFive(memory: Memory): Promise<EventRecord[]> {
  return memory.events.logMany([1, 2, 3, 4, 5].map(data => ({ type: 't', data })))
}

/** Whether a promise is settled after many turns of the event loop. */
async function isPending(promise: Promise<unknown>): Promise<boolean> {
  let settled = false
  const note = () => {
    settled = true
  }
  promise.then(note, note)
  for (let turn = 0; turn < 200; turn++) await nextTurn()
  return !settled
}

conform('event groups', open => {
  it('gives the events of a group to one consumer, and shows who it is and how far behind', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    const log = await logFive(memory)
    const [a, b] = [consume(memory, 'a'), consume(memory, 'b')]
    expect(a.subscription.token).toBeUndefined()
    expect(dataOf(await a.events.next())).toBe(1)
    expect(a.subscription.token).toBe(1)
    const waiting = b.events.next()
    expect(await isPending(waiting)).toBe(true)
    expect(dataOf(await a.events.next())).toBe(2)
    expect((await memory.events.groups()).items).toEqual([
      { group: 'g', position: log[0]?.id, lag: 4, consumer: 'a', updatedAt: new Date(clock.now()) },
    ])
    await a.events.return()
    expect(dataOf(await waiting)).toBe(2)
    expect(b.subscription.token).toBe(2)
    expect((await memory.events.groups()).items).toMatchObject([{ consumer: 'b' }])
    await b.events.return()
    expect((await memory.events.groups()).items).toMatchObject([{ consumer: undefined, lag: 4 }])
  })

  it('hands over at once when a consumer is aborted while it waits, or its memory is closed', async () => {
    const memory = await open()
    const controller = new AbortController()
    const first = take(memory.events.subscribe({ group: 'g', leaseMs, signal: controller.signal }), 1)
    const consumer = async () => (await memory.events.groups()).items[0]?.consumer
    await expect.poll(consumer).toBeDefined()
    const second = take(memory.events.subscribe({ group: 'g', leaseMs, consumer: 'b' }), 1)
    controller.abort()
    expect(await first).toEqual([])
    await expect.poll(consumer).toBe('b')
    const logged = await memory.logEvent('t')
    expect(await second).toEqual([logged])
  })

  it('takes over when the lease has lapsed, and ends the former consumer as stale', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    await logFive(memory)
    const [a, b] = [consume(memory, 'a'), consume(memory, 'b')]
    expect(dataOf(await a.events.next())).toBe(1)
    clock.advance(leaseMs - 1)
    expect(await isPending(b.events.next())).toBe(true)
    clock.advance(1)
    expect((await memory.events.groups()).items).toMatchObject([{ consumer: undefined }])
    await memory.logEvent('wakes the one that waits')
    const consumer = async () => (await memory.events.groups()).items[0]?.consumer
    await expect.poll(consumer).toBe('b')
    const position = await memory.events.offset('g')
    await expect(a.events.next()).rejects.toMatchObject({ ...stale, details: { group: 'g', token: 1 } })
    expect(await memory.events.offset('g')).toBe(position)
    expect((await memory.events.groups()).items).toMatchObject([{ consumer: 'b' }])
    expect(dataOf(await b.events.next())).toBe(2)
    await b.events.return()
  })

  it('looks again when the lease of the consumer at work can lapse, not only now and then', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    await logFive(memory)
    let holder = consume(memory, 'the first')
    await holder.events.next()
    const isSoon = await comesSoon(async round => {
      clock.advance(leaseMs - 100)
      const next = consume(memory, `after round ${round}`)
      const taken = next.events.next()
      expect(await isPending(taken)).toBe(true)
      clock.advance(100)
      return async () => {
        expect(dataOf(await taken)).toBe(1)
        holder = next
      }
    })
    expect(isSoon).toBe(true)
    await holder.events.return()
  })

  it('goes on with a lease that lapsed while nobody wanted it', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    const log = await logFive(memory)
    const a = consume(memory, 'a')
    await a.events.next()
    clock.advance(10 * leaseMs)
    expect(dataOf(await a.events.next())).toBe(2)
    expect(await memory.events.offset('g')).toBe(log[0]?.id)
    await a.events.return()
  })

  it('is free after a restart of the machine, and not when the wall clock is set', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    await logFive(memory)
    const [a, b] = [consume(memory, 'a'), consume(memory, 'b')]
    await a.events.next()
    clock.setWall(clock.now() + 86_400_000)
    const waiting = b.events.next()
    expect(await isPending(waiting)).toBe(true)
    clock.reboot()
    await memory.logEvent('wakes the one that waits')
    expect(dataOf(await waiting)).toBe(1)
    await expect(a.events.next()).rejects.toMatchObject(stale)
    await b.events.return()
  })

  it('commits in a transaction for the present consumer alone', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    await logFive(memory)
    const [a, b] = [consume(memory, 'a'), consume(memory, 'b')]
    const handle = (by: ReturnType<typeof consume>, event: EventRecord) =>
      memory.transaction(async tx => {
        const isFirst = await tx.events.commit('g', event.id, by.subscription)
        if (isFirst) await tx.store(`handled/${event.id}`, by.subscription.token, { ifAbsent: true })
        return isFirst
      })
    const event = (await a.events.next()).value
    clock.advance(leaseMs)
    expect(await b.events.next()).toEqual({ done: false, value: event })
    await expect(handle(a, event!)).rejects.toMatchObject(stale)
    expect(await memory.retrieve(`handled/${event?.id}`)).toBeUndefined()
    expect(await handle(b, event!)).toBe(true)
    expect(await handle(b, event!)).toBe(false)
    expect(dataOf(await b.events.next())).toBe(2)
    await expect(handle(a, event!)).rejects.toMatchObject(stale)
    expect(await memory.retrieve(`handled/${event?.id}`)).toBe(2)
    await b.events.return()
  })

  it('renews the lease while the consumer works', async () => {
    // Its lease is so long that it lasts though the machine stands still for three seconds.
    const memory = await open()
    await logFive(memory)
    const options = { group: 'g', since: 0, leaseMs: 6_000, consumer: 'a' }
    const until = async () => {
      const [row] = await memory.query('select lease_until from hivewax_event_offsets')
      return Number(row?.lease_until)
    }
    for await (const _ of memory.events.subscribe(options)) {
      for (let rises = 0, last = await until(); rises < 2; await nextTurn()) {
        const next = await until()
        if (next > last) rises++
        last = next
      }
      expect((await memory.events.groups()).items).toMatchObject([{ consumer: 'a' }])
      break
    }
  })

  it('moves a group to any id, and ends the consumer that is at work', async () => {
    const memory = await open()
    const log = await logFive(memory)
    await memory.events.commit('g', log[3]?.id ?? 0)
    await memory.events.seek('g', log[0]?.id ?? 0)
    const [a, b] = [consume(memory, 'a'), consume(memory, 'b')]
    expect(dataOf(await a.events.next())).toBe(2)
    const waiting = b.events.next()
    await memory.events.seek('g', log[2]?.id ?? 0)
    expect(dataOf(await waiting)).toBe(4)
    await expect(a.events.next()).rejects.toMatchObject(stale)
    expect(await memory.events.offset('g')).toBe(log[2]?.id)
    await b.events.return()
    await memory.events.seek('new', 7)
    expect(await memory.events.offset('new')).toBe(7)
  })

  it('never issues a token twice, not even after the group was deleted', async () => {
    const memory = await open()
    await logFive(memory)
    const tokens: unknown[] = []
    for (let round = 0; round < 3; round++) {
      const a = consume(memory, 'a')
      await a.events.next()
      tokens.push(a.subscription.token)
      await memory.events.deleteGroup('g')
      await expect(a.events.next()).rejects.toMatchObject(stale)
    }
    expect(tokens).toEqual([1, 2, 3])
  })

  it('begins anew when the group is deleted while a consumer waits for its turn', async () => {
    const memory = await open()
    await logFive(memory)
    const [a, b] = [consume(memory, 'a'), consume(memory, 'b')]
    expect(dataOf(await a.events.next())).toBe(1)
    expect(dataOf(await a.events.next())).toBe(2)
    const waiting = b.events.next()
    expect(await isPending(waiting)).toBe(true)
    await memory.events.deleteGroup('g')
    expect(dataOf(await waiting)).toBe(1)
    await b.events.return()
  })

  it('names the agent of the handle, else the process', async () => {
    const memory = await open()
    await logFive(memory)
    for (const [handle, name] of [
      [memory.as('coder-1'), 'coder-1'],
      [memory, `process-${process.pid}`],
    ] as const) {
      for await (const _ of handle.events.subscribe({ group: 'g', since: 0 })) {
        expect((await memory.events.groups()).items).toMatchObject([{ consumer: name }])
        break
      }
    }
  })

  it('refuses bad input', async () => {
    const memory = await open()
    const bad = { code: 'invalid_input' }
    for (const leaseMs of [0, 1.5, 86_400_001])
      expect(() => memory.events.subscribe({ group: 'g', leaseMs })).toThrow(expect.objectContaining(bad))
    expect(() => memory.events.subscribe({ group: 'g', consumer: '' })).toThrow(expect.objectContaining(bad))
    await expect(memory.events.commit('g', 1, { token: -1 })).rejects.toMatchObject(bad)
    await expect(memory.events.commit('g', 1, { token: 1 })).rejects.toMatchObject(stale)
    await expect(memory.events.seek('g', -1)).rejects.toMatchObject(bad)
    expect((await memory.events.groups()).items).toEqual([])
  })
})
