import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { copyStore } from '../../src/db/copy/copy-store.ts'
import { assertOwnJournal } from '../../src/db/sqlite/lost-store.ts'
import { importFrom } from '../../src/importers/import-from.ts'
import type { Memory } from '../../src/memory.ts'
import { openMemory } from '../../src/open.ts'
import { type Child, startChild } from '../support/child.ts'
import { openScratch, scratchFile, scratchFolder } from '../support/memory.ts'

/** A database is up to three files: what is done to its name must not bring in those of another. */

const old = 'row of the store that had the name before'

/** A store at `file` whose process is killed, or goes on, so that its log lies beside. */
async function openedBefore(file: string): Promise<Child> {
  const child = startChild('append', file, old, 'honest')
  await child.until(line => Number(line) >= 20)
  expect(fs.statSync(`${file}-wal`).size).toBeGreaterThan(0)
  return child
}

/** Leaves of such a store what a killed process leaves, without the file itself. */
async function leftAt(file: string): Promise<void> {
  const child = await openedBefore(file)
  child.process.kill('SIGKILL')
  await child.exited
  fs.rmSync(file)
}

async function live(): Promise<Memory> {
  const memory = await openScratch()
  await memory.kv.storeMany(Array.from({ length: 100 }, (_, i) => ({ key: `k${i}`, value: i })))
  return memory
}

const liveRows = (memory: Memory) => memory.query('select key, value from memory_store order by key')

test('a backup takes the place of a store that was removed, with what that has left, and is restored as it was made', async () => {
  const memory = await live()
  const rows = await liveRows(memory)
  const backup = scratchFile('bk.db')
  await leftAt(backup)
  const { removed } = await memory.backup(backup)
  expect(removed?.toSorted()).toEqual([`${backup}-shm`, `${backup}-wal`])
  expect(fs.readdirSync(path.dirname(backup)).sort()).toEqual(['bk.db', 'bk.db.sha256'])
  await memory.restore(backup)
  expect(await liveRows(memory)).toEqual(rows)
  expect(await memory.backup(backup)).not.toHaveProperty('removed')
})

test('a backup that was copied to a name with an old log is not restored, opened, migrated or imported', async () => {
  const memory = await live()
  const rows = await liveRows(memory)
  const made = scratchFile('made.db')
  await memory.backup(made)
  const backup = scratchFile('bk.db')
  await leftAt(backup)
  fs.copyFileSync(made, backup)
  const bytes = fs.readFileSync(backup)
  const refused = {
    code: 'invalid_input',
    message: expect.stringContaining('bk.db'),
    hint: expect.stringMatching(/elsewhere/),
  }
  await expect(memory.restore(backup)).rejects.toMatchObject(refused)
  await expect(openMemory(backup, { background: false })).rejects.toMatchObject(refused)
  await expect(copyStore({ from: backup, to: scratchFile() })).rejects.toMatchObject(refused)
  await expect(copyStore({ from: made, to: backup, force: true })).rejects.toMatchObject(refused)
  await expect(importFrom(memory, backup)).rejects.toMatchObject(refused)
  expect(fs.readFileSync(backup).equals(bytes)).toBe(true)
  expect(await liveRows(memory)).toEqual(rows)
  for (const part of ['-wal', '-shm']) fs.renameSync(backup + part, path.join(scratchFolder(), part))
  await memory.restore(backup)
  expect(await liveRows(memory)).toEqual(rows)
})

/** How the file of another store comes to lie beside a log. */
const arrivals = [
  { how: 'was moved', arrive: (other: string, file: string) => fs.renameSync(other, file) },
  { how: 'was copied', arrive: (other: string, file: string) => fs.copyFileSync(other, file) },
  {
    how: 'was there before the log was copied',
    arrive: (other: string, file: string) => {
      const log = fs.readFileSync(`${file}-wal`)
      fs.rmSync(`${file}-wal`)
      fs.renameSync(other, file)
      fs.writeFileSync(`${file}-wal`, log)
    },
  },
]

test.each(arrivals)(
  'a store that $how to the place of one that was killed is not mixed with its log',
  async ({ arrive }) => {
    const file = scratchFile('store.db')
    const child = await openedBefore(file)
    child.process.kill('SIGKILL')
    await child.exited
    const other = await live()
    const rows = await liveRows(other)
    await other.close()
    arrive(other.url, file)
    const refused = {
      code: 'invalid_input',
      message: expect.stringMatching(/store\.db-wal is not of .*store\.db/),
      hint: expect.stringMatching(/^Nothing was changed.*elsewhere/),
    }
    const bytes = fs.readFileSync(file)
    const log = fs.readFileSync(`${file}-wal`)
    for (const readOnly of [false, true])
      await expect(openMemory(file, { background: false, readOnly })).rejects.toMatchObject(refused)
    expect(fs.readFileSync(file).equals(bytes)).toBe(true)
    expect(fs.readFileSync(`${file}-wal`).equals(log)).toBe(true)
    fs.renameSync(`${file}-wal`, path.join(scratchFolder(), 'log'))
    expect(await liveRows(await openScratch({}, file))).toEqual(rows)
  },
)

test('an older copy of a store that was killed is not mixed with its log, and a copy of all its files is whole', async () => {
  const file = scratchFile('store.db')
  const copy = scratchFile('copy.db')
  const before = await openMemory(file, { background: false })
  await before.kv.storeMany(Array.from({ length: 100 }, (_, i) => ({ key: `k${i}`, value: 'x'.repeat(200) })))
  await before.vacuum()
  fs.copyFileSync(file, copy)
  await before.kv.storeMany(Array.from({ length: 200 }, (_, i) => ({ key: `m${i}`, value: 'y'.repeat(200) })))
  await before.close()
  const child = await openedBefore(file)
  child.process.kill('SIGKILL')
  await child.exited
  const folder = path.join(scratchFolder(), 'copied')
  fs.cpSync(path.dirname(file), folder, { recursive: true })
  const whole = await openScratch({}, path.join(folder, 'store.db'))
  const [{ count } = {}] = await whole.query('select count(*) as count from memory_store')
  expect(count).toBeGreaterThanOrEqual(320)
  fs.renameSync(copy, file)
  await expect(openMemory(file)).rejects.toMatchObject({ code: 'invalid_input' })
  for (const end of ['-wal', '-shm']) fs.rmSync(file + end)
  expect(await liveRows(await openScratch({}, file))).toHaveLength(100)
})

test('a store beside which the journal of another database lies is not changed by that', async () => {
  const other = scratchFile('other.db')
  const script = `const { DatabaseSync } = require('node:sqlite')
    const db = new DatabaseSync(${JSON.stringify(other)})
    db.exec('create table pages (n, text); begin')
    for (let n = 0; n < 300; n++) db.exec("insert into pages values (" + n + ", '" + 'x'.repeat(300) + "')")
    db.exec('commit; pragma cache_size = 5; begin; update pages set text = text || 1')
    process.kill(process.pid, 'SIGKILL')`
  spawnSync(process.execPath, ['--no-warnings', '-e', script])
  const store = await live()
  const rows = await liveRows(store)
  await store.close()
  const journal = `${store.url}-journal`
  fs.renameSync(`${other}-journal`, journal)
  const bytes = fs.readFileSync(store.url)
  for (const open of [{}, { readOnly: true }])
    await expect(openMemory(store.url, open)).rejects.toThrow(journal)
  await expect(openMemory(store.url)).rejects.toMatchObject({
    code: 'invalid_input',
    hint: expect.stringMatching(/^Nothing was changed.*elsewhere/),
  })
  expect(fs.readFileSync(store.url).equals(bytes)).toBe(true)
  fs.renameSync(journal, scratchFile('journal'))
  expect(await liveRows(await openScratch({}, store.url))).toEqual(rows)
})

test('a journal that comes and goes with the transactions of a running process is not taken for one that a crash left', async () => {
  const file = scratchFile('store.db')
  const script = `const { DatabaseSync } = require('node:sqlite')
    const db = new DatabaseSync(${JSON.stringify(file)})
    db.exec('create table pages (n)')
    console.log('writes')
    for (;;) db.exec('begin; insert into pages values (1); update pages set n = 2; commit')`
  const child = spawn(process.execPath, ['--no-warnings', '-e', script])
  const gone = once(child, 'exit')
  try {
    await once(child.stdout, 'data')
    for (let look = 0; look < 50; look++) await assertOwnJournal(file)
  } finally {
    child.kill('SIGKILL')
    await gone
  }
})

test.each(['-wal', '-shm', '-journal'])('nothing is written to the name of the %s of a store', async part => {
  const store = await live()
  await store.close()
  const memory = await openScratch()
  const refused = { code: 'invalid_input', message: expect.stringContaining(store.url + part) }
  await expect(memory.backup(store.url + part)).rejects.toMatchObject(refused)
  await expect(memory.maintenance.recover(store.url + part)).rejects.toMatchObject(refused)
  await expect(openMemory(store.url + part)).rejects.toMatchObject(refused)
  await expect(copyStore({ from: memory.url, to: store.url + part })).rejects.toMatchObject(refused)
  expect(fs.readdirSync(path.dirname(store.url))).toEqual([path.basename(store.url)])
  // Where there is no such store, it is a name like any other.
  await openScratch({}, scratchFile(`agent${part}`))
})

for (const part of ['-wal', '-shm', '-journal']) {
  test(`a backup with a ${part} beside it is not restored; the next backup of that name removes it`, async () => {
    const memory = await live()
    const rows = await liveRows(memory)
    const backup = scratchFile('bk.db')
    await memory.backup(backup)
    fs.writeFileSync(backup + part, '')
    await expect(memory.restore(backup)).rejects.toMatchObject({ code: 'invalid_input' })
    expect(await memory.backup(backup)).toMatchObject({ removed: [backup + part] })
    await memory.restore(backup)
    expect(await liveRows(memory)).toEqual(rows)
  })
}

test('what lies beside a store that a process has open stays, though its file was removed or replaced', async () => {
  const memory = await live()
  const made = scratchFile('made.db')
  await memory.backup(made)
  const file = scratchFile('store.db')
  const child = startChild('hold', file, 60_000)
  await child.until(line => line === 'holding')
  fs.rmSync(file)
  const beside = () => [`${file}-wal`, `${file}-shm`].filter(name => fs.existsSync(name))
  for (const replace of [() => {}, () => fs.copyFileSync(made, file)]) {
    replace()
    await expect(memory.backup(file)).rejects.toMatchObject({ code: 'invalid_input' })
    await expect(memory.maintenance.recover(file, { from: made })).rejects.toMatchObject({
      code: 'invalid_input',
    })
    expect(beside()).toHaveLength(2)
  }
  child.process.kill('SIGKILL')
  await child.exited
  const { removed } = await memory.maintenance.recover(file, { from: made })
  expect(removed).toHaveLength(2)
  expect(beside()).toEqual([])
})

test('a store that was killed is no place for a backup, with its log or without', async () => {
  const memory = await live()
  const file = scratchFile('store.db')
  const child = await openedBefore(file)
  child.process.kill('SIGKILL')
  await child.exited
  await expect(memory.backup(file)).rejects.toMatchObject({ code: 'invalid_input' })
  expect(fs.existsSync(`${file}-wal`)).toBe(true)
  await (await openMemory(file, { background: false })).close()
  await expect(memory.backup(file)).rejects.toMatchObject({ code: 'invalid_input' })
})

test('a store of which the log alone is left is not made anew by opening it', async () => {
  const file = scratchFile('store.db')
  await leftAt(file)
  const log = fs.readFileSync(`${file}-wal`)
  const refused = { code: 'corrupt', hint: expect.stringContaining('recover') }
  await expect(openMemory(file)).rejects.toMatchObject(refused)
  const memory = await openScratch()
  const { tables } = await memory.maintenance.recover(scratchFile('saved.db'), { from: file })
  expect(tables.memory_store?.recovered).toBeGreaterThanOrEqual(20)
  fs.writeFileSync(file, '')
  await expect(openMemory(file)).rejects.toMatchObject(refused)
  expect(fs.readFileSync(`${file}-wal`).equals(log)).toBe(true)
})

test('an empty file is a new store, unless it was written long after it was made', async () => {
  const file = scratchFile('empty.db')
  fs.writeFileSync(file, '')
  await (await openMemory(file, { background: false })).close()
  fs.truncateSync(file)
  const { birthtimeMs } = fs.statSync(file)
  fs.utimesSync(file, new Date(), new Date(birthtimeMs + 3_600_000))
  await expect(openMemory(file)).rejects.toMatchObject({
    code: 'corrupt',
    message: expect.stringContaining('empty'),
  })
})
