import fs from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { record } from '../../src/db/migration.ts'
import { tables } from '../../src/db/migrations/0001-tables.ts'
import { applicationId } from '../../src/db/sqlite/schema.ts'
import { openMemory } from '../../src/open.ts'
import { startChild } from '../support/child.ts'
import { damage } from '../support/damage.ts'
import { dump } from '../support/dump.ts'
import { openScratch, scratchFile, scratchFolder } from '../support/memory.ts'
import { until } from '../support/remote.ts'
import { seeded } from '../support/rounds.ts'

test('a restore brings back what was backed up, and nothing else', async () => {
  const memory = await openScratch()
  const to = scratchFile('backup.db')
  await memory.store('kept', 1, { ttl: 3600, metadata: { by: 'me' } })
  await memory.store('changed', 'before')
  await memory.storeAgentMemory('agent', 'k', [1])
  await memory.updateSharedState('s', 'before')
  await memory.execute('create table own (id integer primary key, note text)')
  await memory.execute("insert into own (note) values ('mine')")
  const kept = await memory.kv.get('kept')
  await memory.backup(to)
  await memory.store('changed', 'after')
  await memory.store('added', 1)
  await memory.delete('kept')
  await memory.updateSharedState('s', 'after')
  await memory.execute('drop table own')
  await memory.execute('create table later (x)')
  const result = await memory.restore(to)
  expect(result).toMatchObject({
    path: to,
    tables: { memory_store: 2, agent_memory: 1, shared_state: 1, own: 1 },
  })
  expect(await memory.kv.get('kept')).toEqual({ ...kept, revision: expect.any(Number) })
  expect(await memory.retrieve('changed')).toBe('before')
  expect(await memory.retrieve('added')).toBeUndefined()
  expect(await memory.shared.get('s')).toMatchObject({ value: 'before' })
  expect(await memory.query('select note from own')).toEqual([{ note: 'mine' }])
  expect(await memory.query("select name from sqlite_schema where name = 'later'")).toEqual([])
  const [event] = await memory.query("select id, source from events where type = 'memory.restored'")
  expect(event).toEqual({ id: result.eventId, source: 'system' })
})

test('after a restore the schema is what it was, and the file is sound', async () => {
  const file = scratchFile()
  const memory = await openScratch({}, file)
  const schema = () => memory.query('select type, name, sql from sqlite_schema order by type, name')
  const before = await schema()
  const to = scratchFile('backup.db')
  await memory.backup(to)
  await memory.restore(to)
  expect(await schema()).toEqual(before)
  expect(await memory.query('pragma integrity_check')).toEqual([{ integrity_check: 'ok' }])
  expect(fs.readdirSync(path.dirname(file)).filter(name => !name.startsWith('memory.db'))).toEqual([])
})

const bad: Record<
  string,
  { code: string; make: (folder: string, backup: string) => string | Promise<string> }
> = {
  'a missing file': { code: 'not_found', make: folder => path.join(folder, 'none.db') },
  'a folder': { code: 'invalid_input', make: folder => folder },
  'an empty file': { code: 'foreign_store', make: folder => write(folder, Buffer.alloc(0)) },
  rubbish: { code: 'corrupt', make: folder => write(folder, Buffer.alloc(100_000, 'rubbish')) },
  'a database of another program': {
    code: 'foreign_store',
    make: folder => sqlite(path.join(folder, 'foreign.db'), 'create table memory_store (key, value)'),
  },
  'a backup cut short': {
    code: 'corrupt',
    make: (folder, backup) =>
      write(folder, fs.readFileSync(backup).subarray(0, fs.statSync(backup).size / 2)),
  },
  'a backup with a damaged page': {
    code: 'corrupt',
    make: (folder, backup) => {
      const file = write(folder, fs.readFileSync(backup))
      damage(file, 'memory_store', 1, seeded(2))
      return file
    },
  },
  'a backup that is not what its checksum says': {
    code: 'corrupt',
    make: (folder, backup) => {
      const file = write(folder, fs.readFileSync(backup))
      fs.writeFileSync(`${file}.sha256`, `${'0'.repeat(64)}  bad.db\n`)
      return file
    },
  },
  'a backup of a newer hivewax': {
    code: 'store_too_new',
    make: (folder, backup) =>
      sqlite(
        write(folder, fs.readFileSync(backup)),
        "insert into hivewax_migrations (id, name, checksum) values (1000, 'x', 'x'); pragma user_version = 1000",
      ),
  },
}

for (const [name, { code, make }] of Object.entries(bad)) {
  test(`${name} is refused and changes nothing`, async () => {
    const file = scratchFile()
    const memory = await openScratch({}, file)
    await memory.kv.storeMany(
      Array.from({ length: 100 }, (_, i) => ({ key: `k${i}`, value: 'x'.repeat(500) })),
    )
    const backup = scratchFile('backup.db')
    await memory.backup(backup)
    await memory.store('later', 1)
    const source = await make(scratchFolder(), backup)
    const before = dump(file)
    const bytes = fs.statSync(source, { throwIfNoEntry: false })?.isFile() && fs.readFileSync(source)
    await expect(memory.restore(source)).rejects.toMatchObject({ code })
    expect(dump(file)).toBe(before)
    if (bytes) expect(fs.readFileSync(source).equals(bytes)).toBe(true)
    expect(fs.readdirSync(path.dirname(file)).filter(entry => !entry.startsWith('memory.db'))).toEqual([])
  })
}

test('a store is not restored from a file that this process has open', async () => {
  const file = scratchFile()
  const memory = await openScratch({}, file)
  await memory.store('k', 1)
  for (const part of [file, `${file}-wal`, `${file}-shm`]) {
    await expect(memory.restore(part)).rejects.toMatchObject({ code: 'invalid_input' })
  }
  expect(await memory.retrieve('k')).toBe(1)
})

test('a backup with an older schema is migrated on the way, and not touched', async () => {
  const old = scratchFile('old.db')
  sqlite(
    old,
    `${tables.sqlite};
     insert into hivewax_migrations (id, name, checksum) values (1, 'tables', '${record(tables, 'sqlite').checksum}');
     insert into memory_store (key, value) values ('old', '"kept"');
     pragma user_version = 1; pragma application_id = ${applicationId}`,
  )
  const before = fs.readFileSync(old)
  const memory = await openScratch()
  await memory.restore(old)
  expect(await memory.retrieve('old')).toBe('kept')
  expect(fs.readFileSync(old).equals(before)).toBe(true)
})

test('another process that has the store open sees the restored data, and never a mixture', async () => {
  const file = scratchFile()
  const memory = await openScratch({}, file)
  const set = (state: string) =>
    memory.transaction(async tx => {
      await tx.store('state', state)
      await tx.updateSharedState('state', state)
    })
  await set('old')
  await memory.kv.storeMany(
    Array.from({ length: 2000 }, (_, i) => ({ key: `k${i}`, value: 'x'.repeat(1000) })),
  )
  const backup = scratchFile('backup.db')
  await memory.backup(backup)
  const reader = startChild('read-states', file)
  await reader.until(line => line === '"old" "old"')
  for (let round = 0; round < 3; round++) {
    await set(`new ${round}`)
    await reader.until(line => line === `"new ${round}" "new ${round}"`)
    const olds = () => reader.lines.filter(line => line === '"old" "old"').length
    const before = olds()
    await memory.restore(backup)
    await reader.until(() => olds() > before)
  }
  for (const line of reader.lines) expect(line).toMatch(/^("[^"]*") \1$/)
})

test('a writer in another process loses nothing that it stored after the restore', async () => {
  const file = scratchFile()
  // The writer leaves others few moments to write in, where disks are slow.
  const memory = await openScratch({ busyTimeoutMs: 60_000 }, file)
  const writer = startChild('append', file, 'writer', 'honest')
  await writer.until(line => Number(line) >= 20)
  const backup = scratchFile('backup.db')
  const next = async () => Number(await memory.retrieve('writer/next'))
  await memory.backup(backup)
  const copy = new DatabaseSync(backup, { readOnly: true })
  const copied = Number(copy.prepare("select value from memory_store where key = 'writer/next'").get()?.value)
  copy.close()
  await writer.until(line => Number(line) >= copied + 40)
  await memory.restore(backup)
  // What was acknowledged before may be read only now; the first number stored since is in the store itself.
  const first = (await until(next, number => number > copied)) - 1
  await writer.until(line => Number(line) >= first + 50)
  writer.process.kill('SIGKILL')
  await writer.exited
  const after = writer.lines.map(Number).filter(n => n >= first)
  const stored = await memory.kv.retrieveMany(after.map(n => `writer/${n}`))
  expect(after.length).toBeGreaterThanOrEqual(50)
  expect(stored.size).toBe(after.length)
})

test('a restore waits for a transaction of another process, and gives up with Busy', async () => {
  const file = scratchFile()
  const memory = await openScratch({ busyTimeoutMs: 200 }, file)
  await memory.store('k', 'before')
  const backup = scratchFile('backup.db')
  await memory.backup(backup)
  await memory.store('k', 'after')
  const other = new DatabaseSync(file)
  other.exec('begin immediate')
  await expect(memory.restore(backup)).rejects.toMatchObject({ code: 'busy' })
  other.exec('rollback')
  other.close()
  expect(await memory.retrieve('k')).toBe('after')
  await memory.restore(backup)
  expect(await memory.retrieve('k')).toBe('before')
})

test('a private store can be restored', async () => {
  const memory = await openMemory(':memory:', { background: false })
  const backup = scratchFile('backup.db')
  await memory.store('k', 1)
  await memory.backup(backup)
  await memory.store('k', 2)
  await memory.restore(backup)
  expect(await memory.retrieve('k')).toBe(1)
  await memory.close()
})

function write(folder: string, bytes: Uint8Array): string {
  const file = path.join(folder, 'bad.db')
  fs.writeFileSync(file, bytes)
  return file
}

function sqlite(file: string, text: string): string {
  const db = new DatabaseSync(file)
  db.exec(text)
  db.close()
  return file
}
