import type { Memory } from '../src/memory.ts'
import { openMemory } from '../src/open.ts'
import { benchFolder, type Comparison, compare, parameter, print, type Size } from './harness.ts'
import { words } from './words.ts'

/** What full text costs: a store with its marks against one without, catching up, and finding. */
export async function run(size: Size): Promise<Comparison[]> {
  const rows = parameter(size, 200, 100_000)
  const folder = benchFolder()
  const marked = await openMemory(`${folder}/marked.db`, { background: false })
  const plain = await openMemory(`${folder}/plain.db`, { background: false })
  for (const event of ['insert', 'update', 'delete'])
    await plain.execute(`drop trigger memory_store_find_${event}`)
  for (const memory of [marked, plain]) await fill(memory, rows)

  const found = await compare(
    `find the best 10 of ${rows} records`,
    searches(marked),
    parameter(size, 10, 200),
  )
  const stored = await compare(
    'store a new value, durability full',
    stores(plain, marked),
    parameter(size, 10, 1_000),
  )
  await marked.find('everything is indexed before it is timed')
  const caughtUp = await compare(
    'store 1,000 values, then catch up',
    [updates(marked, rows)],
    parameter(size, 1, 20),
  )
  await Promise.all([marked.close(), plain.close()])
  return [found, stored, caughtUp]
}

function searches(memory: Memory) {
  const search = (name: string, text: string, namespace?: string) => ({
    name,
    run: async () => (await memory.find(text, { namespace })).length,
  })
  return [
    search('a word in 1 of 10,000', 'rareword'),
    search('a word in 1 of 100', 'middlingword'),
    search('a word in every other', 'commonword'),
    search('a rare and a common word', 'rareword commonword'),
    search('a common word in a namespace of a tenth', 'commonword', 'tenth'),
    search('no such word', 'absentword'),
  ]
}

function stores(plain: Memory, marked: Memory) {
  let next = 0
  const one = (memory: Memory) => () => memory.store(`new-${next % 5000}`, words(next++))
  const hundred = (memory: Memory) => () => Promise.all(Array.from({ length: 100 }, one(memory)))
  return [
    { name: '1 caller, without marks', run: one(plain) },
    { name: '1 caller', run: one(marked) },
    { name: '100 concurrent callers, without marks', run: hundred(plain), perCall: 100 },
    { name: '100 concurrent callers', run: hundred(marked), perCall: 100 },
  ]
}

function updates(memory: Memory, rows: number) {
  const count = 1_000
  return {
    name: 'per record',
    run: async (round: number) => {
      const records = Array.from({ length: count }, (_, i) =>
        record((round * count + i * 7919) % rows, round),
      )
      await memory.kv.storeMany(records)
      return (await memory.find('absentword')).length
    },
    perCall: count,
  }
}

async function fill(memory: Memory, rows: number): Promise<void> {
  for (let i = 0; i < rows; i += 100) {
    await memory.kv.storeMany(Array.from({ length: 100 }, (_, j) => record(i + j, 0)))
  }
}

function record(i: number, round: number) {
  return { key: `key-${i}`, value: words(i + round), namespace: i % 10 === 0 ? 'tenth' : 'rest' }
}

if (import.meta.main) for (const comparison of await run('real')) print(comparison)
