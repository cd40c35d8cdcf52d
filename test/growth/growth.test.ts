import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { Memory } from '../../src/memory.ts'
import { operationOf, operations } from '../../src/operations.ts'
import { inputSchema } from '../../src/schemas.ts'
import type { Page } from '../../src/util/page.ts'
import { TestClock } from '../support/clock.ts'
import { fillLarge, type LargeOptions } from '../support/large-store.ts'
import { type MeteredEngine, meteredEngines, pagesOf } from '../support/pages-looked-at.ts'
import { type Answers, apart, type Calls, reads, walks, writes } from './calls.ts'

/** Calls that look at more of a larger store all the same, each with what bounds it. */
const exceptions: Readonly<Record<string, string>> = {
  'briefing.briefing {}': 'the tasks that wait, as tasks.counts, and the last 1,000 changes of shared state',
  'kv.namespaces {"limit":10}': 'the records that have expired and were not removed yet',
  'tasks.list {"status":"pending","limit":10}': 'the tasks that wait: no index has all of them in order',
  'tasks.list {"status":"pending","order":"desc","limit":10}': 'the same',
  'tasks.counts {}': 'the tasks that wait: it counts them by their indexes',
  'tasks.queues {}': 'the tasks that are ready: it counts them by their index',
  'find.find {"text":"words"}':
    'on PostgreSQL the last 10,000 records of each kind, once thousands hold a word',
  'find.find {"text":"key words waits old child","limit":1}': 'the same',
  'history.undo {"by":"nobody"}':
    'all records that have a history, some thousands at a time: no index has their authors',
  'history.forget {"by":"nobody","vacuum":false}': 'the same',
  'agents.release {"id":"new"}': 'the swarms that have a topology: nothing has them by their nodes',
  'agents.delete {"id":"new"}': 'the same',
  'agents.delete {"id":"unknown","cascade":true}': 'the same',
}

async function openFilled(engine: MeteredEngine, options: LargeOptions): Promise<Memory> {
  const memory = await engine.open(new TestClock())
  await fillLarge(memory, options)
  await engine.forgetStatistics(memory)
  return memory
}

/** With the planner's statistics, in which a queue without lanes, delays and schedules is no exception. */
async function openAnalysed(engine: MeteredEngine, scale: number): Promise<Memory> {
  const memory = await engine.open(new TestClock())
  await fillLarge(memory, { scale, isPlain: true })
  await memory.execute('analyze')
  return memory
}

/** How many pages of the store each call looks at, in the order of the calls. */
async function pagesOfAll(
  { looksOf }: MeteredEngine,
  memory: Memory,
  calls: Calls,
): Promise<[string, number][]> {
  const pages: [string, number][] = []
  const answers: Answers = {}
  for (const [name, ...inputs] of calls) {
    for (const input of inputs) {
      const given = typeof input === 'function' ? input(answers) : input
      const looked = await looksOf(async () => {
        answers[name] = await operationOf(name).run(memory, given)
      })
      pages.push([`${name} ${JSON.stringify(input) ?? ''}`.trim(), pagesOf(looked)])
    }
  }
  return pages
}

/** The calls that look at more of the larger store, but for {@link exceptions}. */
async function grown(engine: MeteredEngine, small: Memory, large: Memory): Promise<string[]> {
  const pagesIn = async (memory: Memory) => [
    ...(await pagesOfPlanted(engine, memory)),
    ...(await pagesOfAll(engine, memory, [...reads, ...writes])),
  ]
  const few = new Map(await pagesIn(small))
  const more = (await pagesIn(large)).filter(([call, pages]) => isMore(pages, few.get(call) ?? 0))
  return more.map(([call]) => call).filter(call => !(call in exceptions))
}

type List = (page: { limit: number; cursor?: string | undefined }) => Promise<Page<unknown>>

/** The same of the first and of the last page of a list. */
async function pagesOfWalk({ looksOf }: MeteredEngine, list: List) {
  let cursor: string | undefined
  let last: string | undefined
  do {
    last = cursor
    cursor = (await list({ limit: 500, cursor })).cursor
  } while (cursor !== undefined)
  expect(last).toBeDefined()
  const pagesAt = async (cursor?: string) => pagesOf(await looksOf(() => list({ limit: 10, cursor })))
  return [await pagesAt(), await pagesAt(last)] as const
}

/** But for what the depth of the trees adds, and what an engine does by the way, such as to make room in a page. */
const isMore = (pages: number, than: number) => pages > 1.5 * than + 16

/** What must be found: a table that is read whole, or sorted, and a second bound beside a cursor. */
const planted: Readonly<Record<string, string>> = {
  scan: "key from memory_store where namespace = 'default' and value like '%no such%' limit 10",
  sort: "key from memory_store where namespace = 'default' order by updated_at limit 10",
  bound: `key from memory_store where namespace = 'default' and key >= '' and (namespace, key) > ('default', (
    select max(key) from memory_store where namespace = 'default' and key < 'key-2')) order by namespace, key limit 10`,
}

async function pagesOfPlanted({ looksOf }: MeteredEngine, memory: Memory): Promise<[string, number][]> {
  const pages: [string, number][] = []
  for (const [name, selected] of Object.entries(planted)) {
    // A call of our own, before which a connection forgets the pages that it keeps.
    await looksOf(() => memory.kv.delete('absent'))
    pages.push([name, pagesOf(await looksOf(() => memory.execute(`select ${selected}`)))])
  }
  return pages
}

/** Lists of what belongs to one record, or is held at a time, which are not walked. */
const short = [
  'agents.listMemory',
  'agents.memoryHistory',
  'consensus.votes',
  'history.retention',
  'kv.history',
  'locks.list',
  'patterns.history',
  'reservations.list',
  'shared.history',
  'tasks.comments',
  'tasks.queues',
  'topology.history',
  'workflows.history',
  'workflows.steps',
]

it('every list of many pages is walked, but for those that are short', () => {
  const paged = operations.filter(operation => inputSchema(z, operation).properties?.cursor !== undefined)
  const walked = new Set([...walks.map(([name]) => name), ...short])
  expect(paged.map(({ name }) => name).filter(name => !walked.has(name))).toEqual([])
})

it('every operation on records is among the calls', () => {
  const called = new Set([...reads, ...writes].map(([name]) => name))
  const missing = operations.map(({ name }) => name).filter(name => !called.has(name) && !apart.test(name))
  expect(missing).toEqual([])
})

describe.skipIf(process.platform !== 'linux').each(meteredEngines)('$name: what a call looks at', engine => {
  it('does not grow with the store', async () => {
    const [small, large] = [await openFilled(engine, { scale: 1 }), await openFilled(engine, { scale: 8 })]
    expect(await grown(engine, small, large)).toEqual(Object.keys(planted))
  })

  // PostgreSQL would read tables of this size whole, and rightly so.
  it.runIf(engine.name === 'sqlite')('does not grow with what is known of its rows, either', async () => {
    const [small, large] = [await openAnalysed(engine, 1), await openAnalysed(engine, 8)]
    expect(await grown(engine, small, large)).toEqual(Object.keys(planted))
  })

  it('is no more for the last page of a list than for the first', async () => {
    const memory = await openFilled(engine, { scale: 12 })
    // What has expired is passed over until it is removed.
    await memory.cleanup()
    const later: string[] = []
    for (const [name, ...inputs] of walks) {
      for (const input of inputs) {
        const list: List = page =>
          operationOf(name).run(memory, { ...input, ...page }) as Promise<Page<unknown>>
        const [first, last] = await pagesOfWalk(engine, list)
        // Nothing is written here, so that no pages but those of the answer are looked at.
        if (last > 1.5 * first + 4) later.push(`${name} ${JSON.stringify(input)}: ${first} → ${last} pages`)
      }
    }
    expect(later).toEqual([])
  })
})
