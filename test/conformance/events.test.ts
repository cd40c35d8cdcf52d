import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { EventRecord, ListEventsOptions } from '../../src/events/events.ts'
import type { Memory } from '../../src/memory.ts'
import { TestClock } from '../support/clock.ts'
import { take } from '../support/take.ts'
import { conform } from './conform.ts'

conform('events', (open, times) => {
  it('logs an event and finds it again', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    const logged = await memory.logEvent({ type: 'build_passed', source: 'coder-1', data: { ms: 1200 } })
    expect(logged).toEqual({
      id: expect.any(Number),
      type: 'build_passed',
      source: 'coder-1',
      data: { ms: 1200 },
      timestamp: new Date(clock.now()),
      author: expect.anything(),
    })
    expect(await memory.events.get(logged.id)).toEqual(logged)
    expect(await memory.events.get(logged.id + 1)).toBeUndefined()
  })

  it('takes the source that was given, else the agent of the handle, else system', async () => {
    const memory = await open()
    expect(await memory.logEvent('started', 1)).toMatchObject({ source: 'system', data: 1 })
    expect(await memory.as('coder-1').logEvent('started')).toMatchObject({ source: 'coder-1' })
    expect(await memory.as('coder-1').logEvent({ type: 'started', source: 'x' })).toMatchObject({
      source: 'x',
    })
  })

  it('tells no data from null', async () => {
    const memory = await open()
    const [none, nothing] = await memory.events.logMany([{ type: 't' }, { type: 't', data: null }])
    expect(none?.data).toBeUndefined()
    expect(nothing?.data).toBeNull()
  })

  it('logs many in the order given, or none', async () => {
    const memory = await open()
    const many = Array.from({ length: 250 }, (_, i) => ({ type: 't', data: i }))
    const logged = await memory.events.logMany(many)
    expect(logged.map(event => event.data)).toEqual(many.map(event => event.data))
    expect(rising(logged)).toBe(true)
    await expect(memory.events.logMany([...many, { type: '' }])).rejects.toMatchObject({
      code: 'invalid_input',
    })
    expect(await memory.events.count()).toBe(250)
  })

  it('keeps an event of a transaction only if that commits', async () => {
    const memory = await open()
    const failing = memory.transaction(async tx => {
      await tx.logEvent('lost')
      throw new Error('no')
    })
    await expect(failing).rejects.toThrow('no')
    await memory.transaction(tx => tx.logEvent('kept'))
    expect((await memory.events.list()).items.map(event => event.type)).toEqual(['kept'])
  })

  it('reads events that other SQL wrote', async () => {
    const memory = await open()
    await memory.execute("insert into events (type, source, data) values ('t', 's', 'plain text')")
    expect((await memory.events.list()).items).toMatchObject([{ type: 't', source: 's', data: 'plain text' }])
    expect((await memory.events.latest())?.timestamp.getTime()).toBeGreaterThan(Date.now() - 60_000)
  })

  it('lists what a filter accepts, page by page, in both orders', async () => {
    const memory = await open()
    const log = await memory.events.logMany(
      Array.from({ length: 40 }, (_, i) => ({ type: `t${i % 3}`, source: `s${i % 2}`, data: i })),
    )
    const bound = fc.option(fc.integer({ min: 0, max: 40 }), { nil: undefined })
    const options = fc.record({
      types: fc.option(fc.subarray(['t0', 't1', 't2', 't3'], { minLength: 1 }), { nil: undefined }),
      source: fc.constantFrom(undefined, 's0', 's1'),
      since: bound.map(n => (n === undefined ? undefined : (log[0]?.id ?? 0) - 1 + n)),
      until: bound.map(n => (n === undefined ? undefined : (log[0]?.id ?? 0) - 1 + n)),
      order: fc.constantFrom(undefined, 'asc' as const, 'desc' as const),
      limit: fc.integer({ min: 1, max: 50 }),
    })
    const accepts = (event: EventRecord, { types, source, since, until }: ListEventsOptions) =>
      (types?.includes(event.type) ?? true) &&
      (source ?? event.source) === event.source &&
      event.id > (since ?? 0) &&
      event.id <= (until ?? event.id)
    await fc.assert(
      fc.asyncProperty(options, async options => {
        const expected = log.filter(event => accepts(event, options))
        if (options.order === 'desc') expected.reverse()
        expect(await everyPage(memory, options)).toEqual(expected)
        const { types, source } = options
        const accepted = log.filter(event => accepts(event, { types, source }))
        expect(await memory.events.count({ types, source })).toBe(accepted.length)
        expect(await memory.events.latest({ types, source })).toEqual(accepted.at(-1))
      }),
      { numRuns: times(300) },
    )
  })

  it('lets nobody log what only the store itself tells', async () => {
    const memory = await open()
    for (const type of ['token.revoked', 'task.completed', 'agent.lapsed', 'memory.restored', 'workflow.x']) {
      await expect(memory.events.log({ type })).rejects.toMatchObject({ code: 'invalid_input' })
      await expect(memory.events.logMany([{ type: 'x' }, { type }])).rejects.toMatchObject({
        code: 'invalid_input',
      })
    }
    expect(await memory.events.count()).toBe(0)
    for (const type of ['token', 'tasks.done', 'Task.done', 'my.task.done']) await memory.logEvent(type)
  })

  it('takes globs for types, in a list, a count and a subscription', async () => {
    const memory = await open()
    const types = ['build.created', 'build.done', 'builds', 'deploy.lost', 'Build.done']
    const log = await memory.events.logMany(types.map(type => ({ type })))
    const filter = { types: ['build.*', 'deploy.lost'] }
    const wanted = [log[0], log[1], log[3]]
    expect((await memory.events.list(filter)).items).toEqual(wanted)
    expect(await memory.events.count(filter)).toBe(3)
    expect(await memory.events.latest({ types: ['build?done'] })).toEqual(log[1])
    expect(await take(memory.events.subscribe({ ...filter, since: 0 }), 3)).toEqual(wanted)
  })

  it('looks for rare events in a long log without holding up the event loop', async () => {
    const clock = new TestClock()
    const memory = await open({ clock, durability: 'normal' })
    const rare: EventRecord[] = []
    for (let round = 0; round < 4; round++) {
      await memory.events.logMany(Array.from({ length: 5000 }, () => ({ type: 'common', source: 's' })))
      rare.push(await memory.events.log({ type: 'rare', source: 'rare' }))
      clock.advance(1000)
    }
    let turns = 0
    const count = () => {
      turns++
      counter = setImmediate(count)
    }
    let counter = setImmediate(count)
    const turnsOf = async (work: () => Promise<unknown>, wanted: unknown) => {
      const before = turns
      expect(await work()).toEqual(wanted)
      return turns - before
    }
    const filter = { source: 'rare' }
    const { events } = memory
    const from = rare[2]?.timestamp
    const seen = [
      await turnsOf(async () => (await events.list(filter)).items, rare),
      await turnsOf(async () => (await events.list({ ...filter, order: 'desc' })).items, [...rare].reverse()),
      await turnsOf(async () => (await events.list({ ...filter, limit: 2 })).items, rare.slice(0, 2)),
      await turnsOf(() => events.count({ types: ['r*'] }), 4),
      await turnsOf(() => events.latest({ source: 'absent' }), undefined),
      await turnsOf(async () => (await events.list({ from, types: ['rare'] })).items, rare.slice(2)),
      await turnsOf(() => take(events.subscribe({ ...filter, since: 0 }), 4), rare),
      await turnsOf(() => events.prune({ olderThan: 1000 }), { deleted: 15_003, floor: 15_003 }),
    ]
    clearImmediate(counter)
    for (const each of seen) expect(each).toBeGreaterThan(0)
    expect(await events.prune({ keep: 4001 })).toMatchObject({ deleted: 1000 })
    expect((await events.list({ source: 'rare', order: 'desc' })).items).toEqual(rare.slice(3))
  })

  it('lists by time, the start included and the end not', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    const times: Date[] = []
    for (let i = 0; i < 3; i++) {
      times.push((await memory.logEvent('t', i)).timestamp)
      clock.advance(1000)
    }
    const [from, , to] = times
    expect((await memory.events.list({ from, to })).items.map(event => event.data)).toEqual([0, 1])
  })

  it('refuses what is no event and no filter', async () => {
    const memory = await open()
    const bad = { code: 'invalid_input' }
    await expect(memory.events.log({ type: '' })).rejects.toMatchObject(bad)
    await expect(memory.events.log({ type: 't', source: 'a\0b' })).rejects.toMatchObject(bad)
    await expect(memory.events.log({ type: 't', data: { n: Number.NaN } })).rejects.toMatchObject(bad)
    await expect(memory.events.list({ types: [] })).rejects.toMatchObject(bad)
    await expect(memory.events.list({ since: -1 })).rejects.toMatchObject(bad)
    await expect(memory.events.list({ cursor: 'x' })).rejects.toMatchObject(bad)
    await expect(memory.events.prune({})).rejects.toMatchObject(bad)
    await expect(memory.events.prune({ keep: 1, olderThan: '1d' })).rejects.toMatchObject(bad)
    expect(() => memory.events.subscribe({ since: 1.5 })).toThrow(expect.objectContaining(bad))
    expect(await memory.events.count()).toBe(0)
  })

  it('delivers what is logged after subscribing, and nothing from before', async () => {
    const memory = await open()
    await memory.logEvent('before')
    const live = memory.events.subscribe()
    const logged = [await memory.logEvent('one'), await memory.logEvent('two')]
    expect(await take(live, 2)).toEqual(logged)
  })

  it('wakes a subscriber that waits', async () => {
    const memory = await open()
    const waiting = take(memory.events.subscribe({ types: ['wanted'] }), 2)
    await memory.logEvent('other')
    const first = await memory.logEvent('wanted')
    const second = await memory.transaction(tx => tx.logEvent('wanted'))
    expect(await waiting).toEqual([first, second])
  })

  it('catches up from an id, across many reads, with and without a filter', async () => {
    const memory = await open()
    const log = await memory.events.logMany(
      Array.from({ length: 420 }, (_, i) => ({ type: i % 2 === 0 ? 'even' : 'odd', source: `s${i % 3}` })),
    )
    expect(await take(memory.events.subscribe({ since: 0 }), 420)).toEqual(log)
    const odd = log.filter(event => event.type === 'odd' && event.source === 's1')
    const filter = { types: ['odd'], source: 's1', since: 0 }
    expect(await take(memory.events.subscribe(filter), odd.length)).toEqual(odd)
    expect(await take(memory.events.subscribe({ since: log.at(-2)?.id }), 1)).toEqual(log.slice(-1))
  })

  it('ends a subscription quietly when its signal aborts', async () => {
    const memory = await open()
    await memory.logEvent('t')
    const controller = new AbortController()
    const seen: string[] = []
    for await (const event of memory.events.subscribe({ since: 0, signal: controller.signal })) {
      seen.push(event.type)
      setImmediate(() => controller.abort())
    }
    expect(seen).toEqual(['t'])
    expect(await take(memory.events.subscribe({ since: 0, signal: controller.signal }), 1)).toEqual([])
  })

  it('ends a waiting subscription with Closed when the memory is closed', async () => {
    const memory = await open()
    const ended = expect(take(memory.events.subscribe(), 1)).rejects.toMatchObject({ code: 'closed' })
    await memory.close()
    await ended
  })

  it('lets a group go on after the last event it asked beyond', async () => {
    const memory = await open()
    const log = await memory.events.logMany(Array.from({ length: 5 }, (_, i) => ({ type: 't', data: i })))
    const subscribe = () => memory.events.subscribe({ group: 'g', since: 0 })
    expect(await take(subscribe(), 3)).toEqual(log.slice(0, 3))
    expect(await memory.events.offset('g')).toBe(log[1]?.id)
    expect(await take(subscribe(), 3)).toEqual(log.slice(2))
  })

  it('keeps what was logged while a new group was away', async () => {
    const memory = await open()
    await memory.logEvent('before')
    const controller = new AbortController()
    const first = take(memory.events.subscribe({ group: 'g', signal: controller.signal }), 1)
    const position = (await memory.events.latest())?.id
    await expect.poll(() => memory.events.offset('g')).toBe(position)
    controller.abort()
    expect(await first).toEqual([])
    const missed = await memory.logEvent('missed')
    expect(await take(memory.events.subscribe({ group: 'g' }), 1)).toEqual([missed])
  })

  it('moves offsets forward only, and says whether it did', async () => {
    const memory = await open()
    expect(await memory.events.offset('g')).toBeUndefined()
    expect(await memory.events.commit('g', 7)).toBe(true)
    expect(await memory.events.commit('g', 7)).toBe(false)
    expect(await memory.events.commit('g', 3)).toBe(false)
    expect(await memory.events.offset('g')).toBe(7)
  })

  it('commits an offset with the effects of its transaction, or with neither', async () => {
    const memory = await open()
    const failing = memory.transaction(async tx => {
      await tx.events.commit('g', 7)
      throw new Error('no')
    })
    await expect(failing).rejects.toThrow('no')
    expect(await memory.events.offset('g')).toBeUndefined()
    await memory.transaction(tx => tx.events.commit('g', 7))
    expect(await memory.events.offset('g')).toBe(7)
  })

  it('moves a group past events of other types, so that it does not fall behind the floor', async () => {
    const memory = await open()
    const controller = new AbortController()
    const options = { group: 'g', types: ['rare'], since: 0, signal: controller.signal }
    const waiting = take(memory.events.subscribe(options), 1)
    await memory.events.logMany(Array.from({ length: 2000 }, () => ({ type: 'common' })))
    await expect.poll(() => memory.events.offset('g')).toBeGreaterThanOrEqual(1000)
    controller.abort()
    await waiting
  })

  it('lists groups and forgets them', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    for (const group of ['b', 'a', 'c']) await memory.events.commit(group, 1)
    const first = await memory.events.groups({ limit: 2 })
    expect(first.items).toEqual(
      ['a', 'b'].map(group => ({
        group,
        position: 1,
        lag: 0,
        consumer: undefined,
        updatedAt: new Date(clock.now()),
      })),
    )
    const second = await memory.events.groups({ limit: 2, cursor: first.cursor })
    expect(second).toMatchObject({ items: [{ group: 'c' }], cursor: undefined })
    expect(await memory.events.deleteGroup('a')).toBe(true)
    expect(await memory.events.deleteGroup('a')).toBe(false)
    expect(await memory.events.offset('a')).toBeUndefined()
  })

  it('prunes all but the newest, and never skips what was pruned without a word', async () => {
    const memory = await open()
    const log = await memory.events.logMany(Array.from({ length: 2500 }, (_, i) => ({ type: 't', data: i })))
    const id = (i: number) => log[i]?.id ?? Number.NaN
    expect(await memory.events.prune({ keep: 10 })).toEqual({ deleted: 2490, floor: id(2489) })
    const compacted = { code: 'compacted', details: { since: id(2488), floor: id(2489) } }
    await expect(memory.events.list({ since: id(2488) })).rejects.toMatchObject(compacted)
    await expect(take(memory.events.subscribe({ since: id(2488) }), 1)).rejects.toMatchObject(compacted)
    expect((await memory.events.list({ since: id(2489) })).items).toEqual(log.slice(-10))
    expect((await memory.events.list()).items).toEqual(log.slice(-10))
    expect(await memory.events.prune({ keep: 10 })).toEqual({ deleted: 0, floor: id(2489) })
  })

  it('tells a group that fell behind the floor, and lets it go on from there', async () => {
    const memory = await open()
    const log = await memory.events.logMany([{ type: 'a' }, { type: 'b' }, { type: 'c' }])
    await memory.events.commit('g', log[0]?.id ?? 0)
    const { floor } = await memory.events.prune({ keep: 1 })
    await expect(take(memory.events.subscribe({ group: 'g' }), 1)).rejects.toMatchObject({
      details: { floor },
    })
    await memory.events.commit('g', floor)
    expect(await take(memory.events.subscribe({ group: 'g' }), 1)).toEqual(log.slice(2))
  })

  it('prunes by age up to the first event to be kept, and goes on counting after an empty log', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    await memory.events.logMany([{ type: 'old' }, { type: 'old' }])
    clock.advance(3_600_000)
    const young = await memory.logEvent('young')
    expect(await memory.events.prune({ olderThan: '1h' })).toEqual({ deleted: 0, floor: 0 })
    clock.advance(1)
    expect(await memory.events.prune({ olderThan: '1h' })).toEqual({ deleted: 2, floor: young.id - 1 })
    clock.advance(3_600_000)
    expect(await memory.events.prune({ olderThan: '1h' })).toEqual({ deleted: 1, floor: young.id })
    const live = memory.events.subscribe()
    const next = await memory.logEvent('next')
    expect(next.id).toBeGreaterThan(young.id)
    expect(await take(live, 1)).toEqual([next])
  })
})

async function everyPage(memory: Memory, options: ListEventsOptions): Promise<EventRecord[]> {
  const seen: EventRecord[] = []
  let cursor: string | undefined
  do {
    const page = await memory.events.list({ ...options, cursor })
    expect(page.items.length).toBeLessThanOrEqual(options.limit ?? 100)
    seen.push(...page.items)
    cursor = page.cursor
  } while (cursor !== undefined)
  return seen
}

function rising(log: readonly EventRecord[]): boolean {
  return log.every((event, i) => i === 0 || event.id > (log[i - 1]?.id ?? Number.NaN))
}
