import fs from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import type { Memory } from '../../src/memory.ts'
import { openMemory } from '../../src/open.ts'
import { TestClock } from '../support/clock.ts'
import { damage } from '../support/damage.ts'
import { openScratch, scratchFile } from '../support/memory.ts'
import { seeded } from '../support/rounds.ts'

/** The checks that found something wrong, by name. */
async function wrong(memory: Memory): Promise<Record<string, string>> {
  const { ok, checks } = await memory.maintenance.doctor()
  const failed = checks.filter(check => !check.ok)
  expect(ok).toBe(failed.length === 0)
  for (const { fix } of failed) expect(fix).toMatch(/./)
  return Object.fromEntries(failed.map(({ name, message }) => [name, message]))
}

test('a damaged file is found, with what to do', async () => {
  const file = scratchFile()
  const before = await openMemory(file, { background: false })
  await before.kv.storeMany(Array.from({ length: 500 }, (_, i) => ({ key: `k${i}`, value: 'x'.repeat(500) })))
  await before.close()
  damage(file, 'memory_store', 1, seeded(3))
  const memory = await openScratch({}, file)
  expect(await wrong(memory)).toMatchObject({ integrity: expect.stringContaining('damaged') })
})

test('records that refer to nothing are found', async () => {
  const file = scratchFile()
  const memory = await openScratch({}, file)
  const db = new DatabaseSync(file, { enableForeignKeyConstraints: false })
  db.exec("insert into agent_memory (agent_id, key, value) values ('nobody', 'k', '1')")
  db.close()
  expect(await wrong(memory)).toMatchObject({
    references: expect.stringContaining('agent_memory'),
    orphans: expect.stringContaining('1 records'),
  })
  await memory.cleanupOrphans()
  expect(await wrong(memory)).toEqual({})
})

test('a store that others can read is found', async () => {
  const file = scratchFile()
  const memory = await openScratch({}, file)
  fs.chmodSync(file, 0o644)
  expect(await wrong(memory)).toEqual({ permissions: expect.stringContaining('644') })
})

test('records of the future are found', async () => {
  const clock = new TestClock()
  const memory = await openScratch({ clock })
  await memory.logEvent('happened')
  clock.setWall(clock.now() - 86_400_000)
  expect(await wrong(memory)).toEqual({ clock: expect.stringContaining('86400 s ahead') })
})

test('it says when the last backup was made', async () => {
  const clock = new TestClock()
  const memory = await openScratch({ clock })
  const lastBackup = async () =>
    (await memory.maintenance.doctor()).checks.find(({ name }) => name === 'backup')
  expect(await lastBackup()).toMatchObject({ ok: true, fix: 'hivewax backup FILE' })
  await memory.backup(scratchFile('backup.db'))
  expect(await lastBackup()).toMatchObject({
    message: expect.stringContaining(new Date(clock.now()).toISOString()),
  })
})
