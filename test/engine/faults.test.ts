import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, it, onTestFinished } from 'vitest'
import { sql } from '../../src/db/sql.ts'
import { openSqlite } from '../../src/db/sqlite/open-sqlite.ts'
import type { Memory } from '../../src/memory.ts'
import { openMemory } from '../../src/open.ts'
import { systemClock } from '../../src/util/clock.ts'
import { openScratch, scratchFile, scratchFolder } from '../support/memory.ts'

it('acknowledges exactly what it stored when the disk fills up under 100 concurrent stores', async () => {
  const memory = await openScratch()
  await limitPages(memory, 40)
  const names = Array.from({ length: 100 }, (_, i) => `k${i}`)
  const outcomes = await Promise.allSettled(names.map(name => memory.store(name, name.repeat(1000))))
  const acknowledged = names.filter((_, i) => outcomes[i]?.status === 'fulfilled').sort()
  const refused = outcomes.filter(outcome => outcome.status === 'rejected')
  expect(acknowledged.length).toBeGreaterThan(0)
  expect(refused.length).toBeGreaterThan(0)
  for (const { reason } of refused) expect(reason).toMatchObject({ code: 'disk_full' })
  const stored = await memory.search('k*')
  expect(stored.map(record => record.key)).toEqual(acknowledged)
  for (const record of stored) expect(record.value).toBe(record.key.repeat(1000))
  await memory.execute('pragma max_page_count = 1000000')
  await memory.store('after', 1)
})

it('stores nothing of a transaction that meets a full disk', async () => {
  const memory = await openScratch()
  await limitPages(memory, 10)
  const full = memory.transaction(async tx => {
    await tx.store('small', 1)
    await tx.store('large', 'x'.repeat(500_000))
  })
  await expect(full).rejects.toMatchObject({ code: 'disk_full' })
  expect(await memory.search('*')).toEqual([])
  await memory.store('small', 2)
  expect(await memory.retrieve('small')).toBe(2)
})

// Here SQLite ends the whole transaction by itself: the statement has no journal of its own to go back to.
it('tells each write of a batch the truth when SQLite rolls the whole batch back', async () => {
  const memory = await openScratch()
  const { store, release } = await openSqlite(memory.url, {})
  onTestFinished(release)
  const db = store.db(systemClock)
  const record = (name: string) =>
    db.all(sql`insert into performance_metrics (metric_name, value) values (${name}, ${1})`)
  await limitPages(memory, 30)
  const names = Array.from({ length: 100 }, (_, i) => String(i).padStart(3, '0').repeat(2000))
  const outcomes = await Promise.allSettled(names.map(record))
  const acknowledged = names.filter((_, i) => outcomes[i]?.status === 'fulfilled')
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'disk_full' })
  }
  const rows = await memory.query('select metric_name from performance_metrics order by id')
  expect(rows.map(row => row.metric_name)).toEqual(acknowledged)
  expect(acknowledged.length).toBeGreaterThan(0)
  expect(acknowledged.length).toBeLessThan(100)
})

it('does not let a transaction go on by itself after SQLite has rolled it back', async () => {
  const memory = await openScratch()
  await limitPages(memory, 10)
  const full = memory.transaction(async tx => {
    await tx.store('before', 1)
    const insert = 'insert into performance_metrics (metric_name, value) values (?, 1)'
    await tx.execute(insert, ['x'.repeat(500_000)]).catch(() => {})
    await tx.store('after', 1)
  })
  await expect(full).rejects.toMatchObject({ code: 'storage' })
  expect(await memory.search('*')).toEqual([])
})

it('refuses the database of another program and leaves it as it was', async () => {
  const file = scratchFile()
  const foreign = new DatabaseSync(file)
  foreign.exec(
    "create table memory_store (id text, content text); insert into memory_store values ('1', 'theirs')",
  )
  foreign.close()
  const before = fs.readFileSync(file)
  await expect(openMemory(file)).rejects.toMatchObject({
    code: 'foreign_store',
    message: expect.stringContaining('memory_store'),
  })
  expect(fs.readFileSync(file).equals(before)).toBe(true)
})

it('refuses a file that is no database, and a folder', async () => {
  const file = scratchFile()
  fs.writeFileSync(file, 'Dear diary, '.repeat(100))
  await expect(openMemory(file)).rejects.toMatchObject({ code: 'corrupt' })
  expect(fs.readFileSync(file, 'utf8')).toBe('Dear diary, '.repeat(100))
  await expect(openMemory(path.dirname(file))).rejects.toMatchObject({ code: 'invalid_input' })
})

it('refuses a store that a newer hivewax has upgraded, also under an open handle', async () => {
  const file = scratchFile()
  const memory = await openScratch({}, file)
  await memory.store('k', 1)
  const newer = new DatabaseSync(file)
  newer.exec('pragma user_version = 999; alter table memory_store rename column value to content')
  newer.exec("insert into hivewax_migrations (id, name, checksum) values (999, 'later', '')")
  const tooNew = { code: 'store_too_new' }
  await expect(memory.store('k', 2)).rejects.toMatchObject(tooNew)
  await expect(memory.kv.get('k')).rejects.toMatchObject(tooNew)
  await expect(memory.execute('delete from events')).rejects.toMatchObject(tooNew)
  await expect(openMemory(scratchCopy(file))).rejects.toMatchObject(tooNew)
  newer.close()
})

it('refuses a store whose history of migrations is not ours', async () => {
  const file = scratchFile()
  await (await openMemory(file, { background: false })).close()
  const tampered = new DatabaseSync(file)
  tampered.exec("update hivewax_migrations set checksum = 'another' where id = 1")
  tampered.close()
  await expect(openMemory(file)).rejects.toMatchObject({ code: 'corrupt', message: /migration 1/ })
})

it('creates private files and folders', async () => {
  const file = path.join(scratchFolder(), 'new', 'memory.db')
  await openScratch({}, file)
  expect(fs.statSync(path.dirname(file)).mode & 0o777).toBe(0o700)
  expect(fs.statSync(file).mode & 0o777).toBe(0o600)
})

it('says what to do when the folder may not be written', async () => {
  const folder = scratchFolder()
  fs.chmodSync(folder, 0o555)
  const script = `const { openMemory } = await import(${JSON.stringify(new URL('../../src/open.ts', import.meta.url))})
    await openMemory(${JSON.stringify(path.join(folder, 'memory.db'))}).catch(e => console.log(JSON.stringify(e)))`
  const asNobody = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {}
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    ...asNobody,
    encoding: 'utf8',
  })
  expect(JSON.parse(stdout)).toMatchObject({ code: 'storage', message: expect.stringContaining(folder) })
})

it('waits for another process that holds the lock, and gives up with Busy', async () => {
  const file = scratchFile()
  const memory = await openScratch({ busyTimeoutMs: 50 }, file)
  const holder = new DatabaseSync(file)
  holder.exec('begin immediate')
  await expect(memory.store('k', 1)).rejects.toMatchObject({ code: 'busy', retryable: true })
  expect(await memory.retrieve('k')).toBeUndefined()
  const waiting = memory.store('k', 2)
  holder.exec('commit')
  await waiting
  holder.close()
})

it('does not let those who wait behind each other wait their time again and again', async () => {
  const file = scratchFile()
  const busyTimeoutMs = 1_500
  const memory = await openScratch({ busyTimeoutMs }, file)
  const holder = new DatabaseSync(file)
  holder.exec('begin immediate')
  const start = performance.now()
  const waiting = Array.from({ length: 10 }, (_, i) => memory.transaction(tx => tx.store('k', i)))
  for (const outcome of await Promise.allSettled(waiting)) {
    expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'busy' } })
  }
  // In turn they would take ten times the timeout.
  expect(performance.now() - start).toBeLessThan(5 * busyTimeoutMs)
  const late = memory.store('k', 'late')
  holder.exec('commit')
  await late
  holder.close()
})

it('calls a store whose tables another program has changed no damaged file', async () => {
  const memory = await openScratch()
  await memory.execute('drop table hivewax_locks')
  const refused = { code: 'storage', hint: expect.not.stringContaining('restore') }
  await expect(memory.locks.list()).rejects.toMatchObject(refused)
  await expect(memory.query('select * from hivewax_locks')).rejects.toMatchObject({ code: 'invalid_input' })
})

it('refuses calls on a closed handle while another handle of the file goes on', async () => {
  const file = scratchFile()
  const first = await openScratch({}, file)
  const second = await openScratch({}, file)
  const accepted = first.store('k', 1)
  await first.close()
  await first.close()
  await accepted
  await expect(first.retrieve('k')).rejects.toMatchObject({ code: 'closed' })
  await expect(first.store('k', 2)).rejects.toMatchObject({ code: 'closed' })
  expect(await second.retrieve('k')).toBe(1)
})

it('finishes accepted writes when the last handle closes', async () => {
  const file = scratchFile()
  const memory = await openMemory(file, { background: false })
  const accepted = Array.from({ length: 50 }, (_, i) => memory.store(`k${i}`, i))
  await memory.close()
  await Promise.all(accepted)
  const again = await openScratch({}, file)
  expect(await again.search('*')).toHaveLength(50)
})

it('gives :memory: a private store that is gone after it', async () => {
  const first = await openMemory(':memory:', { background: false })
  const second = await openMemory(':memory:', { background: false })
  await first.store('k', 1)
  expect(await second.retrieve('k')).toBeUndefined()
  await first.close()
  await second.close()
  expect(fs.existsSync(first.url)).toBe(false)
})

function scratchCopy(file: string): string {
  const copy = scratchFile('copy.db')
  const source = new DatabaseSync(file, { readOnly: true })
  fs.writeFileSync(`${copy}.tmp`, '')
  source.prepare('vacuum into ?').run(copy)
  source.close()
  return copy
}

/** Makes the store meet a full disk after so many more pages. */
async function limitPages(memory: Memory, more: number): Promise<void> {
  const [row] = await memory.query('pragma page_count')
  await memory.execute(`pragma max_page_count = ${Number(row?.page_count) + more}`)
}
