import { DatabaseSync } from 'node:sqlite'
import { openMemory } from '../src/open.ts'
import { benchFolder, type Comparison, compare, parameter, type Size } from './harness.ts'

/** Key-value memory against prepared statements of `node:sqlite` on the same table, in the same file. */
export async function run(size: Size): Promise<Comparison[]> {
  const rows = parameter(size, 200, 100_000)
  const file = `${benchFolder()}/memory.db`
  const full = await openMemory(file, { background: false })
  const uncached = await openMemory(file, { background: false, cacheBytes: 0 })
  for (let i = 0; i < rows; i += 100) {
    await full.kv.storeMany(
      Array.from({ length: 100 }, (_, j) => ({ key: `key-${i + j}`, value: sample(i + j) })),
    )
  }
  await full.execute('analyze')
  const raw = new DatabaseSync(file, { timeout: 5000 })
  raw.exec('pragma journal_mode = wal; pragma synchronous = full')

  const get = raw.prepare('select value from memory_store where key = ? and namespace = ?')
  const read = parameter(size, 20, 20_000)
  const reads = await compare(
    'retrieve one of 100,000 keys',
    [
      { name: 'node:sqlite, prepared get + JSON.parse', run: i => parse(get.get(any(i, rows), 'default')) },
      { name: 'hivewax, not cached', run: async i => await uncached.retrieve(any(i, rows)) },
      { name: 'hivewax, cached (50 keys over and over)', run: i => full.retrieve(any(i % 50, rows)) },
      {
        name: 'hivewax, cached, 100 at once',
        run: () => Promise.all(Array.from({ length: 100 }, (_, i) => full.retrieve(any(i % 50, rows)))),
        perCall: 100,
      },
    ],
    read,
  )

  const put = raw.prepare(
    `insert into memory_store (key, namespace, value) values (?, 'default', ?)
     on conflict (key, namespace) do update set value = excluded.value, updated_at = current_timestamp`,
  )
  const writes = parameter(size, 10, 2_000)
  const store = (i: number) => full.store(any(i, rows), sample(i + 1))
  const hundred = (i: number) => Promise.all(Array.from({ length: 100 }, (_, j) => store(i * 100 + j)))
  const rawPut = (i: number) => put.run(any(i, rows), JSON.stringify(sample(i + 1))).changes
  const durable = await compare(
    'store a new value, durability full',
    [
      { name: 'node:sqlite, prepared upsert, synchronous=full', run: rawPut },
      { name: 'hivewax, 1 caller', run: store },
      { name: 'hivewax, 100 concurrent callers', run: hundred, perCall: 100 },
    ],
    writes,
  )

  const glob = raw.prepare(
    "select * from memory_store where namespace = ? and key glob 'key-1234*' order by key limit 10",
  )
  const searches = await compare(
    "search('key-1234*', { limit: 10 }) in 100,000 keys",
    [
      { name: 'node:sqlite, prepared glob', run: () => glob.all('default').length },
      { name: 'hivewax', run: async () => (await full.search('key-1234*', { limit: 10 })).length },
    ],
    parameter(size, 10, 5_000),
  )

  await Promise.all([full.close(), uncached.close()])
  const normal = await openMemory(file, { background: false, durability: 'normal' })
  raw.exec('pragma synchronous = normal')
  const fast = await compare(
    'store a new value, durability normal',
    [
      { name: 'node:sqlite, prepared upsert, synchronous=normal', run: rawPut },
      { name: 'hivewax, 1 caller', run: i => normal.store(any(i, rows), sample(i + 2)) },
      {
        name: 'hivewax, 100 concurrent callers',
        run: i =>
          Promise.all(
            Array.from({ length: 100 }, (_, j) => normal.store(any(i * 100 + j, rows), sample(i + j + 2))),
          ),
        perCall: 100,
      },
    ],
    writes,
  )
  await normal.close()
  raw.close()
  return [reads, durable, fast, searches]
}

function sample(i: number): { task: string; step: number; note: string } {
  return { task: `task-${i}`, step: i, note: 'x'.repeat(150) }
}

/** A key that jumps about, so that pages are not met in order. */
function any(i: number, rows: number): string {
  return `key-${(i * 7919) % rows}`
}

function parse(row: unknown): string {
  return JSON.parse((row as { value: string }).value).task
}
