import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { NewMetric } from '../../src/metrics/metrics.ts'
import { chunks } from '../../src/util/chunks.ts'
import { TestClock } from '../support/clock.ts'
import { conform } from './conform.ts'

conform('metrics', (open, times) => {
  it('gives back a measurement with its tags, types and all, and its time', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    const tags = { route: '/home', status: 200, cached: false, code: '200', constructor: 'c' }
    await memory.metrics.record('build_ms', 12.5, tags)
    const { items } = await memory.metrics.list({ name: 'build_ms' })
    expect(items).toEqual([
      { id: expect.any(Number), name: 'build_ms', value: 12.5, tags, timestamp: new Date(clock.now()) },
    ])
  })

  it('records each of many at the same time', async () => {
    const memory = await open()
    const values = Array.from({ length: 500 }, (_, i) => i)
    // A server gives up on connections that have to wait for long.
    for (const part of chunks(values, 100))
      await Promise.all(part.map(value => memory.metrics.record('m', value)))
    expect(await memory.metrics.summary('m')).toMatchObject([{ count: 500, min: 0, max: 499, mean: 249.5 }])
  })

  it('records many or none', async () => {
    const memory = await open()
    const good = Array.from({ length: 250 }, (_, value) => ({ name: 'm', value }))
    const bad: NewMetric = { name: 'm', value: Number.NaN }
    await expect(memory.metrics.recordMany([...good, bad])).rejects.toMatchObject({
      code: 'invalid_input',
      message: expect.stringContaining('metrics[250].value'),
    })
    expect(await memory.metrics.summary('m')).toEqual([])
    expect(await memory.metrics.recordMany(good)).toBe(250)
    expect(await memory.metrics.recordMany([])).toBe(0)
    expect(await memory.metrics.summary('m')).toMatchObject([{ count: 250 }])
  })

  it('lists the latest first, through all pages, by name and time', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    // Five measurements a second, so that times repeat.
    for (let i = 0; i < 25; i++) {
      await memory.metrics.record(i % 2 === 0 ? 'even' : 'odd', i)
      if (i % 5 === 4) clock.advance(1000)
    }
    const values: number[] = []
    let cursor: string | undefined
    do {
      const page = await memory.metrics.list({ limit: 4, cursor })
      values.push(...page.items.map(metric => metric.value))
      cursor = page.cursor
    } while (cursor !== undefined)
    expect(values).toEqual(Array.from({ length: 25 }, (_, i) => 24 - i))
    const recent = await memory.metrics.list({ name: 'even', since: '3s' })
    expect(recent.items.map(metric => metric.value)).toEqual([24, 22, 20, 18, 16, 14, 12, 10])
    const earlier = await memory.metrics.list({ name: 'even', since: '4s', until: '3s' })
    expect(earlier.items.map(metric => metric.value)).toEqual([8, 6])
    const exact = { since: new Date(clock.now() - 4000), until: new Date(clock.now() - 3000) }
    expect((await memory.metrics.list({ name: 'even', ...exact })).items).toEqual(earlier.items)
    const text = { since: exact.since.toISOString(), until: exact.until.toISOString() }
    expect((await memory.metrics.list({ name: 'even', ...text })).items).toEqual(earlier.items)
    expect(await memory.metrics.summary('even', { since: '4s', until: '3s' })).toMatchObject([
      { count: 2, min: 6, max: 8 },
    ])
    expect(await memory.metrics.summary('even', exact)).toMatchObject([{ count: 2, min: 6, max: 8 }])
  })

  it('names every metric once, in order', async () => {
    const memory = await open()
    expect(await memory.metrics.names()).toEqual([])
    for (const name of ['b', 'a', 'b', 'c', 'a']) await memory.metrics.record(name, 1)
    expect(await memory.metrics.names()).toEqual(['a', 'b', 'c'])
  })

  it('summarizes with exact percentiles, for any values', async () => {
    const memory = await open()
    let round = 0
    const value = fc.double({ min: -1e9, max: 1e9, noNaN: true })
    await fc.assert(
      fc.asyncProperty(fc.array(value, { minLength: 1, maxLength: 150 }), async values => {
        const name = `m${round++}`
        await memory.metrics.recordMany(values.map(value => ({ name, value: value + 0 })))
        const sorted = values.map(value => value + 0).sort((a, b) => a - b)
        // The definition: the least value that at least so many percent do not exceed.
        const rank = (percent: number) =>
          sorted.find(value => sorted.filter(other => other <= value).length * 100 >= percent * sorted.length)
        const [summary, ...others] = await memory.metrics.summary(name)
        expect(others).toEqual([])
        expect(summary).toMatchObject({
          count: values.length,
          min: sorted[0],
          max: sorted.at(-1),
          p50: rank(50),
          p95: rank(95),
          p99: rank(99),
        })
        expect(summary?.mean).toBeCloseTo(values.reduce((sum, value) => sum + value, 0) / values.length, 3)
        expect(summary).not.toHaveProperty('group')
      }),
      { numRuns: times(200) },
    )
  })

  it('has a mean of values whose sum is more than a number can be', async () => {
    const memory = await open()
    await memory.metrics.recordMany(Array.from({ length: 4 }, () => ({ name: 'm', value: Number.MAX_VALUE })))
    expect(await memory.metrics.summary('m')).toMatchObject([{ mean: Number.MAX_VALUE }])
  })

  it('summarizes more measurements than it reads at a time', async () => {
    const memory = await open()
    const values = Array.from({ length: 10_001 }, (_, i) => i)
    await memory.metrics.recordMany(values.slice(0, 5_000).map(value => ({ name: 'm', value })))
    await memory.metrics.recordMany(values.slice(5_000).map(value => ({ name: 'm', value })))
    expect(await memory.metrics.summary('m')).toEqual([
      { count: 10_001, mean: 5_000, min: 0, max: 10_000, p50: 5_000, p95: 9_500, p99: 9_900, exact: true },
    ])
  })

  it('summarizes by minute, hour and day in UTC, in order of time', async () => {
    const memory = await open()
    const at = (text: string, value: number) => ({ name: 'm', value, timestamp: new Date(text) })
    await memory.metrics.recordMany([
      at('2026-01-02T23:59:59.999Z', 1),
      { name: 'm', value: 3, timestamp: '2026-01-02T23:00:00Z' },
      at('2026-01-03T00:00:00Z', 5),
      at('2026-01-02T23:59:00Z', 2),
    ])
    const groups = async (groupBy: string) =>
      (await memory.metrics.summary('m', { groupBy })).map(({ group, count, max }) => [group, count, max])
    expect(await groups('minute')).toEqual([
      ['2026-01-02T23:00:00.000Z', 1, 3],
      ['2026-01-02T23:59:00.000Z', 2, 2],
      ['2026-01-03T00:00:00.000Z', 1, 5],
    ])
    expect(await groups('hour')).toEqual([
      ['2026-01-02T23:00:00.000Z', 3, 3],
      ['2026-01-03T00:00:00.000Z', 1, 5],
    ])
    expect(await groups('day')).toEqual([
      ['2026-01-02T00:00:00.000Z', 3, 3],
      ['2026-01-03T00:00:00.000Z', 1, 5],
    ])
  })

  it('summarizes by a tag, keeping types apart and what lacks the tag last', async () => {
    const memory = await open()
    const group = async (groupBy: string) =>
      (await memory.metrics.summary('m', { groupBy })).map(({ group, count }) => [group, count])
    const odd = JSON.parse('{"size":10,"agent":"a","day":"monday","__proto__":"p","constructor":"x"}')
    await memory.metrics.recordMany([
      { name: 'm', value: 1, tags: odd },
      { name: 'm', value: 2, tags: { agent: 'b', size: 9 } },
      { name: 'm', value: 3, tags: { size: '9' } },
      { name: 'm', value: 4, tags: { agent: 'a' } },
      { name: 'm', value: 5 },
    ])
    expect(await group('agent')).toEqual([
      ['a', 2],
      ['b', 1],
      [undefined, 2],
    ])
    expect(new Set(await group('size'))).toEqual(
      new Set([
        [9, 1],
        ['9', 1],
        [10, 1],
        [undefined, 2],
      ]),
    )
    expect(await group('constructor')).toEqual([
      ['x', 1],
      [undefined, 4],
    ])
    expect(await group('__proto__')).toEqual([
      ['p', 1],
      [undefined, 4],
    ])
    expect(await group('toString')).toEqual([[undefined, 5]])
    expect(await group('tag:day')).toEqual([
      ['monday', 1],
      [undefined, 4],
    ])
  })

  it('summarizes what plain SQL inserted, whatever its tags are', async () => {
    const memory = await open()
    await memory.execute(
      `insert into performance_metrics (metric_name, value, tags)
       values ('m', 1, 'no json'), ('m', 2, '{"a":[1],"b":"x"}')`,
    )
    expect(await memory.metrics.summary('m', { groupBy: 'b' })).toMatchObject([
      { group: 'x', max: 2 },
      { count: 1, max: 1 },
    ])
    expect((await memory.metrics.list()).items.map(metric => metric.tags)).toEqual([{ b: 'x' }, {}])
  })

  it('prunes what is older, of one metric or of all, however much', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    const timestamp = new Date(clock.now() - 60_000)
    const old = Array.from({ length: 4_500 }, (_, value) => ({ name: 'a', value, timestamp }))
    await memory.metrics.recordMany([...old, { name: 'b', value: 1, timestamp }, { name: 'a', value: 2 }])
    expect(await memory.metrics.prune({ olderThan: timestamp })).toBe(0)
    expect(await memory.metrics.prune({ olderThan: '59s', name: 'b' })).toBe(1)
    expect(await memory.metrics.prune({ olderThan: '59s' })).toBe(4_500)
    expect((await memory.metrics.list()).items).toMatchObject([{ name: 'a', value: 2 }])
  })

  it('refuses what makes no sense', async () => {
    const memory = await open()
    const tags = (tags: unknown) => () => memory.metrics.record('m', 1, tags as Record<string, string>)
    const bad = [
      () => memory.metrics.record('', 1),
      () => memory.metrics.record('m', Number.POSITIVE_INFINITY),
      () => memory.metrics.record('m', '1' as unknown as number),
      tags([]),
      tags('a=b'),
      tags({ a: null }),
      tags({ a: { b: 1 } }),
      tags({ a: Number.NaN }),
      tags({ '': 1 }),
      tags(Object.fromEntries(Array.from({ length: 33 }, (_, i) => [`t${i}`, i]))),
      () => memory.metrics.summary('m', { groupBy: '' }),
      () => memory.metrics.list({ since: 'yesterday' }),
      () => memory.metrics.list({ since: '2026-13-01' }),
      () => memory.metrics.list({ since: '-1h' }),
      () => memory.metrics.list({ until: new Date(Number.NaN) }),
      () => memory.metrics.prune({ olderThan: '-1h' }),
    ]
    for (const call of bad) await expect(call()).rejects.toMatchObject({ code: 'invalid_input' })
    await expect(tags({ a: 'x'.repeat(5_000) })()).rejects.toMatchObject({ code: 'too_large' })
    expect(await memory.metrics.list()).toEqual({ items: [], cursor: undefined })
  })
})
