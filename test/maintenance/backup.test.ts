import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import type { Progress } from '../../src/db/engine.ts'
import { openMemory } from '../../src/open.ts'
import { startChild } from '../support/child.ts'
import { damage } from '../support/damage.ts'
import { dump } from '../support/dump.ts'
import { openScratch, scratchFile, scratchFolder } from '../support/memory.ts'
import { seeded } from '../support/rounds.ts'

test('a backup under a steady writer of another process holds every write acknowledged before it began', async () => {
  const file = scratchFile()
  // The writer leaves others few moments to write in, where disks are slow.
  const memory = await openScratch({ busyTimeoutMs: 60_000 }, file)
  const writer = startChild('append', file, 'writer', 'honest')
  for (let round = 0; round < 5; round++) {
    await writer.until(line => Number(line) >= (round + 1) * 20)
    const acknowledged = Number(writer.lines.at(-1))
    const to = path.join(path.dirname(file), `backup-${round}.db`)
    await memory.backup(to)
    const copy = new DatabaseSync(to, { readOnly: true })
    const found = copy.prepare("select count(*) as n from memory_store where key glob 'writer/[0-9]*'").get()
    const next = copy.prepare("select value from memory_store where key = 'writer/next'").get()
    copy.close()
    expect(found?.n).toBeGreaterThan(acknowledged)
    expect(found?.n).toBe(Number(next?.value))
  }
})

test('a backup holds the whole store, checked, private, with its checksum, and leaves nothing else behind', async () => {
  const file = scratchFile()
  const memory = await openScratch({}, file)
  await memory.store('k', { a: 1 }, { ttl: 60, metadata: 'note' })
  await memory.logEvent('started')
  const folder = path.join(scratchFolder(), 'new', 'folder')
  const to = path.join(folder, 'backup.db')
  const seen: Progress[] = []
  const before = dump(file)
  const result = await memory.backup(to, { onProgress: done => seen.push(done) })
  expect(dump(to)).toBe(before)
  const sha256 = createHash('sha256').update(fs.readFileSync(to)).digest('hex')
  expect(result).toMatchObject({ path: to, bytes: fs.statSync(to).size, sha256 })
  expect(fs.readFileSync(`${to}.sha256`, 'utf8')).toBe(`${sha256}  backup.db\n`)
  expect(fs.statSync(to).mode & 0o777).toBe(0o600)
  expect(fs.statSync(folder).mode & 0o777).toBe(0o700)
  expect(fs.readdirSync(folder).sort()).toEqual(['backup.db', 'backup.db.sha256'])
  const fractions = seen.map(({ fraction }) => fraction)
  expect(fractions).toEqual([...fractions].sort((a, b) => a - b))
  expect(fractions.at(-1)).toBe(1)
})

test('a backup opens as a store of its own', async () => {
  const memory = await openScratch()
  await memory.store('k', 1)
  const to = scratchFile('backup.db')
  await memory.backup(to)
  await memory.store('k', 2)
  const copy = await openScratch({}, to)
  expect(await copy.retrieve('k')).toBe(1)
  expect(await memory.retrieve('k')).toBe(2)
})

test('a private store can be backed up', async () => {
  const memory = await openMemory(':memory:', { background: false })
  await memory.store('k', 1)
  const to = scratchFile('backup.db')
  await memory.backup(to)
  await memory.close()
  expect(await (await openScratch({}, to)).retrieve('k')).toBe(1)
})

test('a later backup replaces an earlier one, unless told not to', async () => {
  const memory = await openScratch()
  const to = scratchFile('backup.db')
  const first = await memory.backup(to)
  await memory.store('k', 1)
  await expect(memory.backup(to, { overwrite: false })).rejects.toMatchObject({ code: 'conflict' })
  expect(createHash('sha256').update(fs.readFileSync(to)).digest('hex')).toBe(first.sha256)
  const second = await memory.backup(to)
  expect(second.sha256).not.toBe(first.sha256)
  expect(fs.readFileSync(`${to}.sha256`, 'utf8')).toContain(second.sha256)
})

test('a backup never overwrites what is no backup', async () => {
  const file = scratchFile()
  const memory = await openScratch({}, file)
  const folder = scratchFolder()
  const link = path.join(folder, 'link.db')
  fs.symlinkSync(file, link)
  const text = path.join(folder, 'notes.txt')
  fs.writeFileSync(text, 'not a database, but longer than the header of one would be. '.repeat(9))
  const foreign = path.join(folder, 'foreign.db')
  const other = new DatabaseSync(foreign)
  other.exec('create table t (x)')
  other.close()
  const store = path.join(folder, 'store.db')
  await (await openMemory(store, { background: false })).close()
  const named = path.join(folder, 'named.db')
  fs.writeFileSync(`${named}.sha256`, 'my notes on SHA-256')
  await expect(memory.backup(named)).rejects.toMatchObject({ code: 'invalid_input' })
  expect(fs.readFileSync(`${named}.sha256`, 'utf8')).toBe('my notes on SHA-256')
  for (const target of [file, `${file}-wal`, `${file}-shm`, link, text, foreign, store, folder]) {
    const before = fs.statSync(target)
    await expect(memory.backup(target), target).rejects.toMatchObject({ code: 'invalid_input' })
    expect(fs.statSync(target)).toMatchObject({ ino: before.ino, size: before.size, mtimeMs: before.mtimeMs })
  }
  await memory.store('still', 'works')
  expect(await memory.retrieve('still')).toBe('works')
})

test('a backup that was used as a store since is one, and is not overwritten', async () => {
  const memory = await openScratch()
  const to = scratchFile('backup.db')
  await memory.backup(to)
  const used = await openMemory(to, { background: false })
  await used.store('only', 'here')
  await expect(memory.backup(to)).rejects.toMatchObject({ code: 'invalid_input' })
  await used.close()
  await expect(memory.backup(to)).rejects.toMatchObject({ code: 'invalid_input' })
})

test('a backup that is given up leaves nothing behind', async () => {
  const memory = await openScratch()
  const folder = scratchFolder()
  const given = new AbortController()
  const reason = new Error('given up')
  const made = memory.backup(path.join(folder, 'backup.db'), {
    signal: given.signal,
    onProgress: () => given.abort(reason),
  })
  await expect(made).rejects.toBe(reason)
  expect(fs.readdirSync(folder)).toEqual([])
})

test('a damaged store is not backed up', async () => {
  const file = scratchFile()
  const before = await openMemory(file, { background: false })
  await before.kv.storeMany(Array.from({ length: 200 }, (_, i) => ({ key: `k${i}`, value: 'x'.repeat(500) })))
  await before.close()
  damage(file, 'memory_store', 1, seeded(1))
  const memory = await openScratch({}, file)
  const folder = scratchFolder()
  await expect(memory.backup(path.join(folder, 'backup.db'))).rejects.toMatchObject({ code: 'corrupt' })
  expect(fs.readdirSync(folder)).toEqual([])
})

test('upkeep is refused inside a transaction and after close', async () => {
  const memory = await openScratch()
  const to = scratchFile('backup.db')
  const inside = memory.transaction(() => memory.backup(to))
  await expect(inside).rejects.toMatchObject({ code: 'transaction_misuse' })
  await memory.close()
  await expect(memory.backup(to)).rejects.toMatchObject({ code: 'closed' })
  expect(fs.existsSync(to)).toBe(false)
})
