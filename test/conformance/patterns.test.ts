import fc from 'fast-check'
import { expect, it } from 'vitest'
import { TestClock } from '../support/clock.ts'
import { conform } from './conform.ts'

conform('patterns', (open, times) => {
  it('takes the confidence that is stated, else the success rate of the data, else 0', async () => {
    const memory = await open()
    const confidence = async (patternData: unknown, stated?: number) =>
      (await memory.storePattern({ type: 't', patternData, confidence: stated })).confidence
    expect(await confidence({ successRate: 0.92 })).toBe(0.92)
    expect(await confidence({ successRate: 0.92 }, 0.3)).toBe(0.3)
    expect(await confidence({ successRate: 1 }, 0)).toBe(0)
    for (const odd of [
      { successRate: 92 },
      { successRate: -1 },
      { successRate: '0.9' },
      {},
      null,
      'text',
      [0.9],
    ]) {
      expect(await confidence(odd)).toBe(0)
    }
  })

  it('gives back the whole pattern, with an id of its own when none was given', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    const stored = await memory.patterns.store({ type: 't', patternData: [1], metadata: { by: 'me' } })
    expect(stored).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7/),
      type: 't',
      patternData: [1],
      confidence: 0,
      usageCount: 0,
      successes: 0,
      failures: 0,
      metadata: { by: 'me' },
      createdAt: new Date(clock.now()),
      updatedAt: new Date(clock.now()),
      lastUsed: undefined,
      revision: 1,
      author: expect.anything(),
    })
    expect(await memory.patterns.get(stored.id)).toEqual(stored)
    expect(await memory.patterns.get('absent')).toBeUndefined()
  })

  it('keeps the counts and the outcomes of a pattern that is stored again', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    const { createdAt } = await memory.patterns.store({ id: 'p', type: 'a', patternData: 1, metadata: 'old' })
    await memory.patterns.recordOutcome('p', { success: true })
    await memory.patterns.recordOutcome('p', { success: false })
    clock.advance(1000)
    expect(
      await memory.patterns.store({ id: 'p', type: 'b', patternData: 2, confidence: 0.5 }),
    ).toMatchObject({
      type: 'b',
      patternData: 2,
      metadata: undefined,
      usageCount: 2,
      successes: 1,
      failures: 1,
      confidence: (2 * 0.5 + 1) / (2 + 2),
      createdAt,
      updatedAt: new Date(clock.now()),
    })
  })

  it('counts every one of many outcomes at the same time, and the confidence follows from them', async () => {
    const memory = await open()
    await memory.patterns.store({ id: 'p', type: 't', patternData: { successRate: 0.8 } })
    const outcomes = Array.from({ length: 90 }, (_, i) => ({ success: i % 3 !== 0 }))
    await Promise.all(outcomes.map(outcome => memory.patterns.recordOutcome('p', outcome)))
    const pattern = await memory.patterns.get('p')
    expect(pattern).toMatchObject({ usageCount: 90, successes: 60, failures: 30 })
    expect(pattern?.confidence).toBeCloseTo((2 * 0.8 + 60) / (2 + 90), 12)
  })

  it('derives the confidence as the posterior mean, decayed and restated, for any history', async () => {
    const memory = await open()
    const rate = fc.double({ min: 0, max: 1, noNaN: true })
    const decay = fc.double({ min: 0, max: 1, noNaN: true })
    const step = fc.oneof(fc.record({ success: fc.boolean(), decay }), fc.record({ restated: rate }))
    await fc.assert(
      fc.asyncProperty(rate, fc.array(step, { maxLength: 12 }), async (stated, steps) => {
        let [prior, hits, misses] = [stated, 0, 0]
        const pattern = { type: 't', patternData: null }
        const { id } = await memory.patterns.store({ ...pattern, confidence: prior })
        for (const step of steps) {
          if ('restated' in step) {
            prior = step.restated
            await memory.patterns.store({ ...pattern, id, confidence: prior })
          } else {
            await memory.patterns.recordOutcome(id, step)
            hits = step.decay * hits + Number(step.success)
            misses = step.decay * misses + Number(!step.success)
          }
        }
        const found = await memory.patterns.get(id)
        expect(found?.confidence).toBeCloseTo((2 * prior + hits) / (2 + hits + misses), 9)
      }),
      { numRuns: times(250) },
    )
  })

  it('forgets outcomes to the last, however little is left of them', async () => {
    const memory = await open()
    await memory.patterns.store({ id: 'p', type: 't', patternData: null, confidence: 5e-324 })
    await memory.patterns.recordOutcome('p', { success: true })
    for (const decay of [1e-100, 1e-100, 1e-100, 5e-324, 1]) {
      const { confidence } = await memory.patterns.recordOutcome('p', { success: false, decay })
      expect(confidence).toBeCloseTo(0, 9)
    }
    expect(await memory.patterns.get('p')).toMatchObject({ usageCount: 6, successes: 1, failures: 5 })
  })

  it('counts uses, and never sets the last use back', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    await memory.patterns.store({ id: 'p', type: 't', patternData: 1, confidence: 0.4 })
    const lastUsed = new Date(clock.now())
    expect(await memory.patterns.use('p')).toMatchObject({ usageCount: 1, lastUsed, confidence: 0.4 })
    clock.setWall(clock.now() - 60_000)
    expect(await memory.patterns.use('p')).toMatchObject({ usageCount: 2, lastUsed })
    expect(await memory.patterns.recordOutcome('p', { success: true })).toMatchObject({
      usageCount: 3,
      lastUsed,
    })
  })

  it('lists by falling confidence, then by id, through all pages', async () => {
    const memory = await open()
    const all = Array.from({ length: 23 }, (_, i) => ({ id: `p${i}`, confidence: (i % 4) / 4 }))
    for (const pattern of all) await memory.patterns.store({ ...pattern, type: 't', patternData: null })
    const seen: string[] = []
    let cursor: string | undefined
    do {
      const page = await memory.patterns.list({ type: 't', limit: 5, cursor })
      seen.push(...page.items.map(pattern => pattern.id))
      cursor = page.cursor
    } while (cursor !== undefined)
    all.sort((a, b) => b.confidence - a.confidence || (a.id < b.id ? -1 : 1))
    expect(seen).toEqual(all.map(pattern => pattern.id))
  })

  it('finds by type and least confidence, and the best of a type', async () => {
    const memory = await open()
    await memory.patterns.store({ id: 'a', type: 't', patternData: 1, confidence: 0.5 })
    await memory.patterns.store({ id: 'b', type: 't', patternData: 1, confidence: 0.9 })
    await memory.patterns.store({ id: 'c', type: 'u', patternData: 1, confidence: 1 })
    const ids = async (type: string, minConfidence?: number) =>
      (await memory.getPatterns(type, { minConfidence })).map(pattern => pattern.id)
    expect(await ids('t')).toEqual(['b', 'a'])
    expect(await ids('t', 0.5)).toEqual(['b', 'a'])
    expect(await ids('t', 0.51)).toEqual(['b'])
    expect(await ids('none')).toEqual([])
    expect((await memory.patterns.list()).items.map(pattern => pattern.id)).toEqual(['c', 'b', 'a'])
    expect(await memory.patterns.best('t')).toMatchObject({ id: 'b' })
    expect(await memory.patterns.best('none')).toBeUndefined()
  })

  it('learns on from a row that plain SQL inserted', async () => {
    const memory = await open()
    await memory.execute(
      `insert into patterns (id, type, pattern_data, confidence) values ('p', 't', 'plain', 0.5)`,
    )
    expect(await memory.patterns.get('p')).toMatchObject({
      patternData: 'plain',
      confidence: 0.5,
      successes: 0,
    })
    await memory.patterns.recordOutcome('p', { success: true })
    expect(await memory.patterns.recordOutcome('p', { success: true })).toMatchObject({
      successes: 2,
      usageCount: 2,
      confidence: (2 * 0.5 + 2) / (2 + 2),
    })
  })

  it('deletes, and refuses to count what is not there', async () => {
    const memory = await open()
    await memory.patterns.store({ id: 'p', type: 't', patternData: 1 })
    expect(await memory.patterns.delete('p')).toBe(true)
    expect(await memory.patterns.delete('p')).toBe(false)
    await expect(memory.patterns.use('p')).rejects.toMatchObject({ code: 'not_found', details: { id: 'p' } })
    await expect(memory.patterns.recordOutcome('p', { success: true })).rejects.toMatchObject({
      code: 'not_found',
    })
  })

  it('refuses what makes no sense', async () => {
    const memory = await open()
    await memory.patterns.store({ id: 'p', type: 't', patternData: 1 })
    const bad = [
      () => memory.patterns.store({ type: '', patternData: 1 }),
      () => memory.patterns.store({ id: '', type: 't', patternData: 1 }),
      () => memory.patterns.store({ type: 't', patternData: undefined }),
      () => memory.patterns.store({ type: 't', patternData: 1, confidence: 1.01 }),
      () => memory.patterns.store({ type: 't', patternData: 1, confidence: Number.NaN }),
      () => memory.patterns.list({ minConfidence: -1 }),
      () => memory.patterns.list({ cursor: 'rubbish' }),
      () => memory.patterns.recordOutcome('p', { success: true, decay: -0.1 }),
      () => memory.patterns.recordOutcome('p', { success: true, decay: 1.5 }),
      () => memory.patterns.recordOutcome('p', { success: 1 as unknown as boolean }),
    ]
    for (const call of bad) await expect(call()).rejects.toMatchObject({ code: 'invalid_input' })
    expect(await memory.patterns.get('p')).toMatchObject({ usageCount: 0, confidence: 0 })
  })
})
