import { copyStore } from '../src/db/copy/copy-store.ts'
import { openMemory } from '../src/open.ts'
import { startServer } from '../test/support/postgres-server.ts'
import { benchFolder, type Comparison, type Figure, parameter, type Size } from './harness.ts'

/**
 * A store is migrated from a file to PostgreSQL and back: the time per row, reading, writing and checking included,
 * and the most memory that the process took. The server does not wait for the disk.
 */
export async function run(size: Size): Promise<Comparison[]> {
  const records = parameter(size, 500, 500_000)
  const folder = benchFolder()
  const file = `${folder}/memory.db`
  await fill(file, records)
  const { url, stop } = server()
  try {
    const there = await measured('file → PostgreSQL', file, url)
    const back = await measured('PostgreSQL → file', url, `${folder}/back.db`)
    const baseUs = there.figure.medianUs
    return [
      {
        title: `migration of ${there.rows} rows and back, µs per row`,
        figures: [there, back].map(({ figure }) => ({ ...figure, ratio: figure.medianUs / baseUs })),
        hash: [there, back].map(({ hash }) => hash).join(' = '),
      },
    ]
  } finally {
    await stop()
  }
}

/** Half of the rows in key-value memory, half in the log of events. */
async function fill(file: string, records: number): Promise<void> {
  const memory = await openMemory(file, { background: false, durability: 'normal' })
  const batch = Math.min(records, 1000)
  for (let from = 0; from < records; from += batch) {
    const items = Array.from({ length: batch }, (_, i) => from + i)
    await memory.kv.storeMany(items.map(i => ({ key: `key-${i}`, value: { i, text: 'x'.repeat(100) } })))
    await memory.events.logMany(items.map(i => ({ type: 'filled', source: 'bench', data: { i } })))
  }
  await memory.close()
}

/** The server of the tests where there is one, in a schema of our own; else one for this. */
function server(): { url: string; stop: () => Promise<void> } {
  const known = process.env.HIVEWAX_TEST_PG_URL
  const started = known === undefined ? startServer() : undefined
  const base = known ?? started?.url ?? ''
  const schema = `bench_${process.pid}`
  const stop = async () => {
    if (started !== undefined) return started.stop()
    const { default: pg } = await import('pg')
    const client = new pg.Client(base)
    await client.connect()
    await client.query(`drop schema if exists ${schema} cascade`)
    await client.end()
  }
  return { url: `${base}${base.includes('?') ? '&' : '?'}schema=${schema}`, stop }
}

async function measured(
  name: string,
  from: string,
  to: string,
): Promise<{ figure: Figure; rows: number; hash: string }> {
  let peak = 0
  const watch = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss())
  }, 20)
  const { rows, durationMs, tables } = await copyStore({ from, to })
  clearInterval(watch)
  const perRowUs = (1000 * durationMs) / rows
  const megabytes = Math.round(Math.max(peak, process.memoryUsage.rss()) / 1024 / 1024)
  const rate = Math.round((1000 * rows) / durationMs)
  const hash = tables.map(({ checksum }) => checksum.slice(0, 6)).join('')
  const figure = {
    name: `${name} (${rate} rows/s, ${megabytes} MB at most)`,
    medianUs: perRowUs,
    p99Us: perRowUs,
  }
  return { figure: { ...figure, ratio: 1, operations: rows }, rows, hash }
}
