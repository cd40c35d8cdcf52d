import path from 'node:path'
import { expect, it } from 'vitest'
import { importFrom } from '../../src/importers/import-from.ts'
import { startChild } from '../support/child.ts'
import { openScratch, scratchFile, scratchFolder } from '../support/memory.ts'
import { counts } from './counts.ts'
import { bank, hive, makeDatabase, mirror, version2, version3 } from './fixtures.ts'

function makeAll(): string[] {
  const folder = scratchFolder()
  const shapes = { version2, version3, mirror, bank, hive }
  return Object.entries(shapes).map(([name, text]) => makeDatabase(path.join(folder, `${name}.db`), text))
}

const tables = ['memory_store', 'patterns', 'agents', 'tasks', 'sessions', 'performance_metrics']

it('adds nothing the second time, and touches nothing', async () => {
  const memory = await openScratch()
  const files = makeAll()
  const content = () => Promise.all(tables.map(table => memory.query(`select * from ${table} order by id`)))
  await importFrom(memory, files)
  const before = await content()
  expect(before.map(rows => rows.length)).toEqual([17, 4, 2, 2, 1, 2])
  const again = await importFrom(memory, files)
  expect(again.sections.every(({ added, updated }) => added + updated === 0)).toBe(true)
  expect(await content()).toEqual(before)
})

it('leaves alone what has lived on since', async () => {
  const memory = await openScratch()
  const files = makeAll()
  await importFrom(memory, files)
  await memory.store('plain', 'changed here')
  await memory.registerAgent({ id: 'worker', type: 'coder' })
  const [task] = await memory.tasks.claim({ agentId: 'worker' })
  await importFrom(memory, files)
  expect(await memory.retrieve('plain')).toBe('changed here')
  expect((await memory.agents.get('worker'))?.alive).toBe(true)
  expect(await memory.tasks.get(task?.id ?? '')).toMatchObject({ status: 'running' })
})

it('says in a dry run what it then does, and writes nothing', async () => {
  const memory = await openScratch()
  const files = makeAll()
  await memory.store('plain', 'mine')
  const before = await memory.getStats()
  const { dryRun, ...said } = await importFrom(memory, files, { dryRun: true })
  expect(dryRun).toBe(true)
  expect((await memory.getStats()).tables).toEqual(before.tables)
  expect(await importFrom(memory, files)).toEqual({ dryRun: false, ...said })
})

it('reports its progress from nothing to all', async () => {
  const fractions: number[] = []
  await importFrom(await openScratch(), makeAll(), { onProgress: ({ fraction }) => fractions.push(fraction) })
  expect(fractions).toEqual(fractions.toSorted((a, b) => a - b))
  expect(fractions.at(-1)).toBe(1)
})

it('ends early when it is aborted, and goes on the next time', async () => {
  const memory = await openScratch()
  const controller = new AbortController()
  const onProgress = () => controller.abort()
  const file = makeLarge()
  await expect(importFrom(memory, file, { signal: controller.signal, onProgress })).rejects.toThrow(/abort/i)
  const report = await importFrom(memory, file)
  expect(counts(report).memory_entries).toBe('memory 2000: 1800 added, 200 unchanged')
})

/** 2,000 memories, 500 patterns, 500 tasks and 500 measurements of which each two look alike. */
function makeLarge(): string {
  const count = (end: number) =>
    `with recursive n (i) as (select 1 union all select i + 1 from n where i < ${end})`
  return makeDatabase(
    path.join(scratchFolder(), 'large.db'),
    `create table memory_entries (id integer primary key, key text, value text, namespace text, created_at integer);
     ${count(2000)} insert into memory_entries select i, 'key-' || i, 'value', 'large', 1795328000 from n;
     create table patterns (id text primary key, type text, pattern_data text, confidence real, created_at text);
     ${count(500)} insert into patterns select 'p' || i, 'large', '{}', 0.5, '2026-11-22' from n;
     create table tasks (id text primary key, description text, status text);
     ${count(500)} insert into tasks select 't' || i, 'task', 'pending' from n;
     create table metrics_log (id integer primary key, metric_name text, value real, timestamp text);
     ${count(500)} insert into metrics_log select i, 'latency', i / 2, '2026-11-22 06:13:20' from n;`,
  )
}

it('is complete and has no doubles after it was killed again and again', async () => {
  const file = makeLarge()
  const store = scratchFile()
  for (const batches of [1, 4, 9, 13, 16]) {
    const child = startChild('import', store, file)
    await child.until(line => line === 'done' || child.lines.length >= batches)
    child.process.kill('SIGKILL')
    await child.exited
  }
  const memory = await openScratch({}, store)
  const part = await rows()
  expect(part.reduce((sum, count) => sum + count, 0)).toBeGreaterThan(200)
  await importFrom(memory, file)
  expect(await rows()).toEqual([2000, 500, 500, 500])
  expect(await memory.query('pragma integrity_check')).toEqual([{ integrity_check: 'ok' }])

  async function rows(): Promise<number[]> {
    const names = ['memory_store', 'patterns', 'tasks', 'performance_metrics']
    const found = names.map(table => memory.query(`select count(*) as count from ${table}`))
    return (await Promise.all(found)).map(([row]) => Number(row?.count))
  }
})
