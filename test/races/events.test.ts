import { describe, expect, it } from 'vitest'
import type { EventRecord } from '../../src/events/events.ts'
import { startChild, whileStopped } from '../support/child.ts'
import { engines } from '../support/engines.ts'
import { take } from '../support/take.ts'

const writers = ['w0', 'w1', 'w2', 'w3']
const eventsEach = 250
const total = writers.length * eventsEach

describe.each(engines)('$name', ({ empty, open }) => {
  it('delivers the events of 4 processes live, each once, in one order that agrees with each of theirs', async () => {
    const location = await empty()
    const memory = await open({}, location)
    const live = take(memory.events.subscribe(), total)
    const filtered = take(memory.events.subscribe({ types: ['work'], source: 'w2' }), eventsEach)
    const children = writers.map(writer => startChild('log-events', location, writer, eventsEach))
    expect(await Promise.all(children.map(child => child.exited))).toEqual([0, 0, 0, 0])

    const seen = await live
    const stored = await take(memory.events.subscribe({ since: 0 }), total)
    expect(seen).toEqual(stored)
    expect(await memory.events.count()).toBe(total)
    for (const writer of writers) expect(numbers(seen, writer)).toEqual([...Array(eventsEach).keys()])
    expect(await filtered).toEqual(seen.filter(event => event.source === 'w2'))
  })

  it('handles every event exactly once although the consumer is killed again and again', async () => {
    const location = await empty()
    const memory = await open({}, location)
    const children = writers.map(writer => startChild('log-events', location, writer, eventsEach))
    for (const place of ['inside', 'after', 'inside', 'after']) {
      expect(await startChild('consume-events', location, 'g', 50, place).exited).toBeNull()
    }
    expect(await Promise.all(children.map(child => child.exited))).toEqual([0, 0, 0, 0])
    const { items: events } = await memory.events.list({ limit: 10_000 })
    const consumer = startChild('consume-events', location, 'g')
    await consumer.until(line => Number(line) === events.at(-1)?.id)

    const handled = await memory.search('handled/*', { limit: 10_000 })
    const ids = handled.map(record => Number(record.key.slice('handled/'.length))).sort((a, b) => a - b)
    expect(ids).toEqual(events.map(event => event.id))
    expect(new Set(handled.map(record => record.value)).size).toBe(5)
  })

  it('refuses a consumer that was stopped past its lease, each effect once, by who took over', async () => {
    const location = await empty()
    const memory = await open({ durability: 'normal', busyTimeoutMs: 300 }, location)
    const log = await memory.events.logMany(Array.from({ length: 40 }, (_, data) => ({ type: 'work', data })))
    const first = startChild('consume-group', location, 'g', 800, 10)
    await first.until(line => line === 'holding')
    const second = startChild('consume-group', location, 'g', 800)
    await whileStopped(first, () => memory.delete('nothing'))
    await second.until(line => line === String(log.at(-1)?.id))
    const before = await memory.query('select position, token, owner from hivewax_event_offsets')
    first.process.kill('SIGCONT')
    first.process.stdin?.write('go on\n')
    expect(await first.exited).toBe(0)
    const held = log[9]?.id
    expect(first.lines.slice(-2)).toEqual([`stale_token ${held}`, 'ended stale_token'])
    expect(await memory.query('select position, token, owner from hivewax_event_offsets')).toEqual(before)
    const tokens = await Promise.all(log.map(({ id }) => memory.retrieve(`handled/${id}`)))
    expect(tokens).toEqual(log.map((_, i) => (i < 9 ? 1 : 2)))
    expect(second.lines).toEqual(log.slice(9).map(({ id }) => String(id)))
  })

  it('hands a group over at once when the memory of its consumer is closed', async () => {
    const location = await empty()
    const memory = await open({}, location)
    const other = await open({}, location)
    const leaseMs = 86_400_000
    const logged = await memory.logEvent('work')
    const events = other.events.subscribe({ group: 'g', since: 0, leaseMs })[Symbol.asyncIterator]()
    expect(await events.next()).toEqual({ done: false, value: logged })
    const standby = take(memory.events.subscribe({ group: 'g', leaseMs }), 1)
    await other.close()
    expect(await standby).toEqual([logged])
    await expect(events.next()).rejects.toMatchObject({ code: 'closed' })
  })

  it('keeps a group in order, and skips nothing, when its consumers leave 50 times, by break and by signal', async () => {
    const location = await empty()
    const memory = await open({ durability: 'normal' }, location)
    const children = writers.map(writer => startChild('log-events', location, writer, eventsEach))
    const seen: number[] = []
    for (let kill = 0; kill < 50; kill++) {
      const controller = new AbortController()
      const leaves = kill % 2 === 0
      const options = { group: 'g', types: ['work'], since: 0, leaseMs: 100, signal: controller.signal }
      for await (const { id } of memory.events.subscribe(options)) {
        await memory.events.commit('g', id)
        seen.push(id)
        if (seen.length % 10 === 0 && leaves) break
        if (seen.length % 10 === 0) controller.abort()
      }
    }
    expect(await Promise.all(children.map(child => child.exited))).toEqual([0, 0, 0, 0])
    const { items } = await memory.events.list({ types: ['work'], limit: 500 })
    expect(seen).toEqual(items.map(event => event.id).slice(0, 500))
  })
})

function numbers(events: readonly EventRecord[], writer: string): unknown[] {
  return events.filter(event => event.source === writer).map(event => event.data)
}
