import { expect, it } from 'vitest'
import type { EventRecord } from '../../src/events/events.ts'
import { startChild } from '../support/child.ts'
import { openScratch, scratchFile } from '../support/memory.ts'
import { take } from '../support/take.ts'

const writers = ['w0', 'w1', 'w2', 'w3']
const eventsEach = 250
const total = writers.length * eventsEach

it('delivers the events of 4 processes live, each once, in one order that agrees with each of theirs', async () => {
  const file = scratchFile()
  const memory = await openScratch({}, file)
  const live = take(memory.events.subscribe(), total)
  const filtered = take(memory.events.subscribe({ types: ['work'], source: 'w2' }), eventsEach)
  const children = writers.map(writer => startChild('log-events', file, writer, eventsEach))
  expect(await Promise.all(children.map(child => child.exited))).toEqual([0, 0, 0, 0])

  const seen = await live
  const stored = await take(memory.events.subscribe({ since: 0 }), total)
  expect(seen).toEqual(stored)
  expect(await memory.events.count()).toBe(total)
  for (const writer of writers) expect(numbers(seen, writer)).toEqual([...Array(eventsEach).keys()])
  expect(await filtered).toEqual(seen.filter(event => event.source === 'w2'))
}, 120_000)

it('handles every event exactly once although the consumer is killed again and again', async () => {
  const file = scratchFile()
  const memory = await openScratch({}, file)
  const children = writers.map(writer => startChild('log-events', file, writer, eventsEach))
  for (const place of ['inside', 'after', 'inside', 'after']) {
    expect(await startChild('consume-events', file, 'g', 50, place).exited).toBeNull()
  }
  expect(await Promise.all(children.map(child => child.exited))).toEqual([0, 0, 0, 0])
  const { items: events } = await memory.events.list({ limit: 10_000 })
  const consumer = startChild('consume-events', file, 'g')
  await consumer.until(line => Number(line) === events.at(-1)?.id)

  const handled = await memory.search('handled/*', { limit: 10_000 })
  const ids = handled.map(record => Number(record.key.slice('handled/'.length))).sort((a, b) => a - b)
  expect(ids).toEqual(events.map(event => event.id))
  expect(new Set(handled.map(record => record.value)).size).toBe(5)
}, 120_000)

function numbers(events: readonly EventRecord[], writer: string): unknown[] {
  return events.filter(event => event.source === writer).map(event => event.data)
}
