import { AsyncLocalStorage } from 'node:async_hooks'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { Poller, pauseMs } from '../../src/util/poller.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }))
afterEach(() => void vi.useRealTimers())

/** A poller, and when it has looked, in milliseconds since its creation. */
function watched(look: () => number | undefined = () => undefined) {
  const startMs = performance.now()
  const looks: number[] = []
  const poller = new Poller(() => {
    looks.push(performance.now() - startMs)
    return look()
  })
  return { poller, looks }
}

it('looks when it is told to, once', () => {
  const { poller, looks } = watched()
  vi.advanceTimersByTime(1000)
  poller.within(50)
  vi.advanceTimersByTime(1000)
  expect(looks).toEqual([1050])
})

it('looks again as soon as each look says', () => {
  const pauses = [10, 20, undefined]
  const { poller, looks } = watched(() => pauses.shift())
  poller.within(5)
  vi.advanceTimersByTime(1000)
  expect(looks).toEqual([5, 15, 35])
})

it('is brought forward by a shorter wait, and not put off by a longer one', () => {
  const { poller, looks } = watched()
  poller.within(100)
  poller.within(40)
  poller.within(70)
  expect(vi.getTimerCount()).toBe(1)
  vi.advanceTimersByTime(1000)
  expect(looks).toEqual([40])
})

it('looks at the earlier of what a look says and what was asked for during it', () => {
  const { poller, looks } = watched(() => {
    if (looks.length === 1) poller.within(10)
    if (looks.length === 2) poller.within(90)
    return looks.length < 3 ? 50 : undefined
  })
  poller.within(0)
  vi.advanceTimersByTime(1000)
  expect(looks).toEqual([0, 10, 60])
})

it('never begins a look before the one before it has ended', async () => {
  const ends: (() => void)[] = []
  const poller = new Poller(async () => {
    await new Promise<void>(resolve => ends.push(resolve))
    return undefined
  })
  poller.within(0)
  vi.advanceTimersByTime(0)
  poller.within(10)
  vi.advanceTimersByTime(1000)
  expect(ends).toHaveLength(1)
  ends[0]!()
  await vi.advanceTimersByTimeAsync(0)
  expect(ends).toHaveLength(2)
})

it('plans nothing more once stopped, whatever the look under way says, and ends with that look', async () => {
  let end = () => {}
  const log: string[] = []
  const poller = new Poller(async () => {
    log.push('begun')
    await new Promise<void>(resolve => {
      end = resolve
    })
    log.push('ended')
    return 10
  })
  poller.within(0)
  vi.advanceTimersByTime(0)
  const stopped = poller.stop().then(() => log.push('stopped'))
  end()
  await stopped
  await vi.advanceTimersByTimeAsync(1000)
  expect(log).toEqual(['begun', 'ended', 'stopped'])
  poller.within(5)
  await vi.advanceTimersByTimeAsync(5)
  expect(log.at(-1)).toBe('begun')
})

it('keeps no process alive, and looks in the asynchronous context of nobody', () => {
  const context = new AsyncLocalStorage<string>()
  const seen: unknown[] = []
  const poller = new Poller(() => {
    seen.push(context.getStore())
    return undefined
  })
  context.run('of a caller', () => poller.within(0))
  vi.advanceTimersByTime(0)
  expect(seen).toEqual([undefined])
  vi.useRealTimers()
  const active = () => process.getActiveResourcesInfo().filter(name => name === 'Timeout').length
  const before = active()
  poller.within(60_000)
  expect(active()).toBe(before)
  poller.stop()
})

it('pauses for a share of the time since something was found, within its bounds', () => {
  const backoff = { minMs: 5, maxMs: 100, looksPerQuiet: 2 }
  const activeAt = performance.now()
  const pauses = [0, 5, 20, 160, 10_000].map(ms => {
    vi.advanceTimersByTime(ms)
    return pauseMs(backoff, activeAt)
  })
  expect(pauses).toEqual([5, 5, 12.5, 92.5, 100])
})
