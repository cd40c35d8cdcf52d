import { setImmediate as nextTurn } from 'node:timers/promises'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Memory } from '../../src/memory.ts'
import type { MetricSummary } from '../../src/metrics/summary.ts'
import { TestClock } from '../support/clock.ts'
import { conform } from './conform.ts'

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs

/** Everything of the figures that merging may not change, and no percentile. */
function certain(summaries: readonly MetricSummary[]): object[] {
  return summaries.map(({ group, count, mean, min, max }) => ({ group, count, mean, min, max }))
}

function expectNear(found: readonly MetricSummary[], exact: readonly MetricSummary[]): void {
  expect(certain(found)).toEqual(certain(exact))
  for (const [i, summary] of found.entries()) {
    for (const percentile of ['p50', 'p95', 'p99'] as const) {
      const value = exact[i]![percentile]
      expect(Math.abs(summary[percentile] - value)).toBeLessThanOrEqual(Math.abs(value) * 0.0101)
    }
  }
}

async function rollups(memory: Memory): Promise<unknown[]> {
  return memory.query(
    'select * from hivewax_metric_rollups order by metric_name, resolution, window_start, tags',
  )
}

/** Figures in the place of measurements, and how long either is kept. */
conform('metric rollups', (open, times) => {
  it('summarizes what was rolled up with all figures exact but the percentiles, which are within 1 %', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    const values = Array.from({ length: 3_000 }, (_, i) => ({
      name: 'ms',
      value: ((i * 7919) % 3_001) - 500,
      tags: { route: i % 3 === 0 ? '/a' : '/b' },
      timestamp: new Date(clock.now() - dayMs + i * 20_000),
    }))
    await memory.metrics.recordMany(values)
    const groupings = [undefined, 'hour', 'day', 'route', 'none']
    const summarize = () => Promise.all(groupings.map(groupBy => memory.metrics.summary('ms', { groupBy })))
    const before = await summarize()
    expect(await memory.metrics.rollup({ olderThan: '12h' })).toBeGreaterThan(2_000)
    const after = await summarize()
    for (const [i, exact] of before.entries()) expectNear(after[i]!, exact)
    expect(before.flat().every(({ exact }) => exact)).toBe(true)
    expect(after[0]).toMatchObject([{ exact: false }])
    const inHours = after[1]!.map(({ exact }) => exact)
    expect(inHours).toEqual([...inHours.filter(exact => !exact), ...inHours.filter(exact => exact)])
    expect(new Set(inHours).size).toBe(2)
    expect(await memory.metrics.names()).toEqual(['ms'])
  })

  it('takes whole windows only, and changes nothing when called again', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    const start = Math.floor(clock.now() / hourMs) * hourMs
    const at = (ms: number) => ({ name: 'm', value: ms, timestamp: new Date(start + ms) })
    await memory.metrics.recordMany([at(-1), at(0), at(minuteMs)])
    const olderThan = new Date(start + 2 * minuteMs)
    expect(await memory.metrics.rollup({ olderThan })).toBe(1)
    expect((await memory.metrics.list()).items.map(({ value }) => value)).toEqual([minuteMs, 0])
    const rolledUp = await rollups(memory)
    expect(await memory.metrics.rollup({ olderThan })).toBe(0)
    expect(await rollups(memory)).toEqual(rolledUp)
    expect(await memory.metrics.rollup({ olderThan, resolution: 'minute' })).toBe(2)
    expect(await memory.metrics.summary('m')).toMatchObject([{ count: 3, exact: false }])
  })

  it('gives figures that are those of all measurements, whatever came late and in whatever steps', async () => {
    const clock = new TestClock()
    let round = 0
    const memory = await open({ clock, durability: 'normal' })
    const measurement = fc.record({
      value: fc.integer({ min: -1_000, max: 1_000 }),
      age: fc.integer({ min: 0, max: 3 * dayMs }),
      tag: fc.constantFrom(undefined, 'a', 'b'),
    })
    const resolution = fc.constantFrom('minute', 'hour', 'day')
    const step = fc.oneof(
      { weight: 3, arbitrary: fc.array(measurement, { maxLength: 20 }) },
      { weight: 2, arbitrary: fc.record({ resolution, age: fc.integer({ min: 1, max: 2 * dayMs }) }) },
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 6 }), async steps => {
        const [name, whole] = [`m${round}`, `whole${round++}`]
        for (const step of steps) {
          if (Array.isArray(step)) {
            const metrics = step.map(({ value, age, tag }) => ({
              value,
              tags: tag === undefined ? undefined : { tag },
              timestamp: new Date(clock.now() - age),
            }))
            for (const n of [name, whole])
              await memory.metrics.recordMany(metrics.map(m => ({ name: n, ...m })))
          } else await memory.metrics.rollup({ name, olderThan: step.age, resolution: step.resolution })
        }
        for (const groupBy of [undefined, 'tag', 'day']) {
          expectNear(
            await memory.metrics.summary(name, { groupBy }),
            await memory.metrics.summary(whole, { groupBy }),
          )
        }
      }),
      { numRuns: times(150) },
    )
  })

  it('merges shorter windows into longer ones, to what rolling up at once would have given', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    const metrics = (name: string) =>
      Array.from({ length: 500 }, (_, i) => ({
        name,
        value: i * i,
        tags: { half: i % 2 },
        timestamp: new Date(clock.now() - 2 * dayMs + i * minuteMs),
      }))
    await memory.metrics.recordMany([...metrics('steps'), ...metrics('once')])
    for (const resolution of ['minute', 'hour', 'day'] as const) {
      await memory.metrics.rollup({ name: 'steps', olderThan: 1, resolution })
    }
    await memory.metrics.rollup({ name: 'once', olderThan: 1, resolution: 'day' })
    const of = async (name: string) => {
      const columns = 'resolution, window_start, tags, count, sum, min, max, sketch'
      return memory.query(
        `select ${columns} from hivewax_metric_rollups where metric_name = '${name}' order by window_start, tags`,
      )
    }
    expect(await of('steps')).toEqual(await of('once'))
    expect((await of('steps')).every(({ resolution }) => resolution === 'day')).toBe(true)
  })

  it('counts nothing twice and misses nothing while others roll up', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    const metrics = Array.from({ length: 6_000 }, (_, value) => ({
      name: 'm',
      value,
      timestamp: new Date(clock.now() + (value - 6_100) * 6 * minuteMs),
    }))
    await memory.metrics.recordMany(metrics)
    // More windows than are read in one turn, so that others have theirs in between.
    expect(await memory.metrics.rollup({ olderThan: 3_000 * 6 * minuteMs })).toBeGreaterThan(2_500)
    let isOver = false
    const rolling = memory.metrics.rollup({ olderThan: 1 }).finally(() => (isOver = true))
    const counts: (number | undefined)[] = []
    while (!isOver) {
      counts.push((await memory.metrics.summary('m'))[0]?.count)
      // Reads may resolve without ever leaving the microtasks: the writer needs its turn.
      await nextTurn()
    }
    expect(await rolling).toBeGreaterThan(2_500)
    expect(new Set(counts)).toEqual(new Set([6_000]))
  })

  it('prunes whole windows of figures, with what was measured one by one', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    const start = Math.floor(clock.now() / hourMs) * hourMs
    const at = (ms: number, name = 'm') => ({ name, value: 1, timestamp: new Date(start + ms) })
    await memory.metrics.recordMany([at(-2 * hourMs), at(-hourMs), at(-hourMs, 'other'), at(-1)])
    await memory.metrics.rollup({ olderThan: new Date(start) })
    await memory.metrics.recordMany([at(-3 * hourMs)])
    expect(await memory.metrics.prune({ olderThan: new Date(start - 1), name: 'm' })).toBe(2)
    expect(await memory.metrics.summary('m')).toMatchObject([{ count: 2 }])
    expect(await memory.metrics.prune({ olderThan: new Date(start), name: 'm' })).toBe(2)
    expect(await memory.metrics.names()).toEqual(['other'])
  })

  it('keeps measurements for ever by default, else as long as it was told to', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    for (const days of [400, 40, 4]) {
      await memory.metrics.recordMany([{ name: 'm', value: days, timestamp: `${days}d` }])
    }
    await memory.metrics.applyRetention()
    expect(await memory.metrics.retention()).toEqual({ rollupAfter: undefined, deleteAfter: undefined })
    expect((await memory.metrics.list()).items).toHaveLength(3)
    await memory.metrics.setRetention({ rollupAfter: '30d', deleteAfter: '365d' })
    expect(await memory.metrics.retention()).toEqual({ rollupAfter: 30 * dayMs, deleteAfter: 365 * dayMs })
    await memory.metrics.applyRetention()
    expect((await memory.metrics.list()).items.map(({ value }) => value)).toEqual([4])
    expect(await memory.metrics.summary('m')).toMatchObject([{ count: 2, max: 40, exact: false }])
    await memory.metrics.setRetention({ deleteAfter: '10d' })
    await memory.metrics.applyRetention()
    expect(await memory.metrics.summary('m')).toMatchObject([{ count: 1, max: 4, exact: true }])
    await memory.metrics.setRetention({})
    expect(await memory.metrics.retention()).toEqual({ rollupAfter: undefined, deleteAfter: undefined })
  })

  it('refuses the 10,001st combination of tags of a metric, and takes others once old ones are pruned', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    const metrics = Array.from({ length: 10_000 }, (_, id) => ({ name: 'm', value: 1, tags: { id } }))
    await memory.metrics.recordMany(metrics)
    await expect(memory.metrics.record('m', 1, { id: 'new' })).rejects.toMatchObject({
      code: 'too_large',
      details: { name: 'm', limit: 10_000 },
    })
    await expect(
      memory.metrics.recordMany([{ name: 'm', value: 1, tags: { id: 'new' } }]),
    ).rejects.toMatchObject({
      code: 'too_large',
    })
    await memory.metrics.record('m', 2, { id: 1 })
    await memory.metrics.record('m', 2)
    await memory.metrics.record('n', 2, { id: 'new' })
    expect(await memory.metrics.summary('m')).toMatchObject([{ count: 10_002 }])
    clock.advance(10 * dayMs)
    await memory.metrics.prune({ olderThan: '9d' })
    await memory.metrics.record('m', 1, { id: 'new' })
  })

  it('refuses what makes no sense', async () => {
    const memory = await open()
    const bad = [
      () => memory.metrics.rollup({ olderThan: 'yesterday' }),
      () => memory.metrics.rollup({ olderThan: '1d', resolution: 'week' as 'day' }),
      () => memory.metrics.rollup({ olderThan: '1d', name: '' }),
      () => memory.metrics.setRetention({ rollupAfter: 'soon' }),
      () => memory.metrics.setRetention({ deleteAfter: -1 }),
    ]
    for (const call of bad) await expect(call()).rejects.toMatchObject({ code: 'invalid_input' })
  })
})
