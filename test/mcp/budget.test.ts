import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fitItems, fitValue } from '../../src/mcp/budget.ts'
import type { Json } from '../../src/util/json.ts'
import { sliced } from '../../src/util/model-text.ts'
import { openScratch } from '../support/memory.ts'
import { type Answered, ask, overHttp } from './support.ts'

/** The answer as each kind of client reads it: the text, or the structured content. */
function sizes({ text, isError, ...structured }: Answered): number {
  return Math.max(text.length, JSON.stringify(structured).length)
}

describe('an answer', () => {
  it('keeps within the budget that the caller sets, and goes on with a cursor until all is told', async () => {
    const memory = await openScratch()
    const client = await overHttp('modern', memory)
    const names = Array.from({ length: 250 }, (_, i) => `user_${String(i).padStart(3, '0')}`)
    await memory.kv.storeMany(
      names.map(key => ({ key, value: { name: key, story: `<b>"${'long '.repeat(200)}` } })),
    )
    for (const maxTokens of [500, 2_000, 8_000]) {
      const seen: string[] = []
      for (let cursor: string | undefined; ; ) {
        const answer = await ask(client, 'recall', { glob: 'user_*', maxTokens, ...(cursor && { cursor }) })
        expect(sizes(answer)).toBeLessThanOrEqual(maxTokens * 4)
        seen.push(...answer.data.map(({ key }: { key: string }) => key))
        if (answer.cursor === undefined) break
        cursor = answer.cursor
        expect(answer.text).toContain('more')
      }
      expect(seen).toEqual(names)
    }
  })

  it('is small by default, and says how many more there are', async () => {
    const memory = await openScratch()
    const client = await overHttp('modern', memory)
    await memory.kv.storeMany(
      Array.from({ length: 60 }, (_, i) => ({ key: `k${i}`, value: 'x'.repeat(5_000) })),
    )
    const answer = await ask(client, 'recall', { glob: '*' })
    expect(sizes(answer)).toBeLessThanOrEqual(8_000)
    expect(answer.data.length + (answer.more ?? 0)).toBe(60)
    expect(answer.note).toContain(`${answer.more} more`)
  })

  it('goes on in lists that have no cursor of their own', async () => {
    const memory = await openScratch()
    const client = await overHttp('modern', memory)
    await memory.kv.storeMany(
      Array.from({ length: 40 }, (_, i) => ({ key: `note ${i}`, value: `apples ${'and '.repeat(80)}` })),
    )
    const seen = new Set<string>()
    for (let cursor: string | undefined; ; ) {
      const answer = await ask(client, 'recall', {
        text: 'apples',
        maxTokens: 600,
        ...(cursor && { cursor }),
      })
      for (const { key } of answer.data) seen.add(key)
      cursor = answer.cursor
      if (cursor === undefined) break
    }
    expect(seen.size).toBe(40)
  })

  it('cuts a long value, and gives the rest piece by piece', async () => {
    const memory = await openScratch()
    const client = await overHttp('modern', memory)
    const value = `${'<"\\🐝\n'.repeat(3_000)}end`
    await memory.store('long', value, { metadata: { from: 'a test' } })
    let whole = ''
    for (;;) {
      const answer = await ask(client, 'recall', { key: 'long', offset: whole.length, maxTokens: 1_500 })
      expect(sizes(answer)).toBeLessThanOrEqual(6_000)
      expect(answer.data).toMatchObject({ key: 'long', metadata: { from: 'a test' } })
      whole += answer.data.value
      const next = /offset (\d+)/.exec(answer.note ?? '')
      if (next === null) break
      expect(Number(next[1])).toBe(whole.length)
    }
    expect(whole).toBe(value)
  })

  it('shows every claimed task with its token', async () => {
    const memory = await openScratch()
    const client = await overHttp('modern', memory.as('coder-1'))
    const tasks = Array.from({ length: 40 }, (_, i) => ({
      id: `t${i}`,
      description: 'd'.repeat(900),
      payload: { text: 'p'.repeat(9_000) },
    }))
    await memory.tasks.createMany(tasks)
    const claimed = await ask(client, 'tasks_write', { action: 'claim', limit: 40 })
    expect(sizes(claimed)).toBeLessThanOrEqual(8_000)
    const { running } = await memory.tasks.counts()
    expect(claimed.data).toHaveLength(running)
    expect(running).toBeGreaterThan(1)
    for (const { id, token } of claimed.data) await memory.tasks.complete({ id, token })
  })

  it('keeps within the budget whatever is stored', { timeout: 300_000 }, async () => {
    const memory = await openScratch()
    const client = await overHttp('modern', memory)
    const seed = 20_261_122
    const key = fc
      .string({ minLength: 1, maxLength: 120, unit: 'binary' })
      .filter(text => !text.includes('\0'))
    let round = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(key, fc.jsonValue({ maxDepth: 6 })), { minLength: 1 }),
        async records => {
          const namespace = `round ${round++}`
          for (const [key, value] of records) await memory.store(key, value, { namespace })
          const [first] = records
          const calls = [
            { glob: '*', namespace },
            { key: first?.[0], namespace },
            { keys: records.map(([key]) => key), namespace },
            {},
          ]
          for (const call of calls) {
            const answer = await ask(client, 'recall', { ...call, maxTokens: 500 })
            expect(answer.error).toBeUndefined()
            expect(sizes(answer)).toBeLessThanOrEqual(2_000)
          }
        },
      ),
      { seed, numRuns: 40 },
    )
  })
})

describe('cutting', () => {
  const json = fc.jsonValue({ maxDepth: 8 }) as fc.Arbitrary<Json>
  const seed = 7

  it('leaves what fits as it is, and makes the rest fit', () => {
    fc.assert(
      fc.property(json, fc.integer({ min: 100, max: 3_000 }), (value, room) => {
        const { value: shown, isCut } = fitValue(value, room)
        const length = (it: Json) => JSON.stringify(it).replaceAll('<', '\\u003c').length
        expect(length(shown)).toBeLessThanOrEqual(room)
        if (length(value) <= room) expect([shown, isCut]).toEqual([value, false])
      }),
      { seed },
    )
  })

  it('shows a beginning of a list', () => {
    fc.assert(
      fc.property(fc.array(json, { minLength: 1 }), items => {
        const shown = fitItems(items, 600)
        expect(shown.items.length).toBeGreaterThan(0)
        expect(shown.items.length).toBeLessThanOrEqual(items.length)
        expect(JSON.stringify(shown.items).length).toBeLessThanOrEqual(600)
      }),
      { seed },
    )
  })

  it('splits no character', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', minLength: 1 }),
        fc.integer({ min: 1, max: 5 }),
        (text, length) => {
          let whole = ''
          while (whole.length < text.length) {
            const part = sliced(text, whole.length, length)
            expect(part.isWellFormed()).toBe(true)
            expect(part.length).toBeGreaterThan(0)
            whole += part
          }
          expect(whole).toBe(text)
        },
      ),
      { seed },
    )
  })
})
