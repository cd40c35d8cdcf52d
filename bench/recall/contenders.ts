import { DatabaseSync } from 'node:sqlite'
import { stopWords } from '../../src/find/stop-words.ts'
import { openMemory } from '../../src/open.ts'
import type { Collection } from './collection.ts'

/** Something that finds records. */
export interface Contender {
  /** The keys of the best ten, best first. */
  find(text: string): Promise<readonly string[]> | readonly string[]
  close(): Promise<void> | void
}

const namespace = 'notes'

/** What a swarm leaves behind that has nothing to do with the questions, and lies beside what they ask for. */
const surroundings = { heartbeats: 15_000, tasks: 3_000, records: 20_000, batch: 1_000 }

/** `memory.find` over one namespace of a store; `beside` with what a swarm leaves around it. */
export async function hivewax(
  { records }: Collection,
  location: string,
  { beside = false }: { beside?: boolean } = {},
): Promise<Contender> {
  const memory = await openMemory(location, { background: false, durability: 'normal' })
  await inBatches(records, batch => memory.kv.storeMany(batch.map(record => ({ ...record, namespace }))))
  if (beside) {
    const { heartbeats, tasks, records } = surroundings
    await inBatches(upTo(heartbeats), batch =>
      memory.events.logMany(
        batch.map(i => ({ type: 'heartbeat', source: `agent-${i % 20}`, data: { load: i % 7 } })),
      ),
    )
    await inBatches(upTo(tasks), batch =>
      memory.tasks.createMany(batch.map(i => ({ description: `Look at what file ${i} says and tell why` }))),
    )
    await inBatches(upTo(records), batch =>
      memory.kv.storeMany(
        batch.map(i => ({ key: `k${i}`, value: `when ${i} did what`, namespace: 'other' })),
      ),
    )
  }
  await memory.maintenance.optimize()
  return {
    find: async text =>
      (await memory.find(text.slice(0, 1_000), { namespace })).flatMap(found =>
        found.in === 'memory' ? [found.key] : [],
      ),
    close: () => memory.close(),
  }
}

/** SQLite's full text as it comes: the words of the question but for stop words, any of them, ranked by its bm25. */
export function fts5({ records }: Collection): Contender {
  const db = new DatabaseSync(':memory:')
  db.exec(`create virtual table notes using fts5 (key unindexed, text, tokenize = 'porter unicode61')`)
  const insert = db.prepare('insert into notes (key, text) values (?, ?)')
  for (const { key, value } of records)
    insert.run(key, typeof value === 'string' ? value : JSON.stringify(value))
  const select = db.prepare('select key from notes where notes match ? order by rank limit 10')
  return {
    find: text => {
      const words = (text.match(/[\p{L}\p{M}\p{N}]+/gu) ?? []).filter(
        word => !stopWords.has(word.toLowerCase()),
      )
      if (words.length === 0) return []
      return select.all(words.map(word => `"${word}"`).join(' OR ')).map(({ key }) => String(key))
    },
    close: () => db.close(),
  }
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i)
}

async function inBatches<T>(
  items: readonly T[],
  store: (batch: readonly T[]) => Promise<unknown>,
): Promise<void> {
  for (let from = 0; from < items.length; from += surroundings.batch)
    await store(items.slice(from, from + surroundings.batch))
}
