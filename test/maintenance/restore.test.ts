import fs from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { checksum } from '../../src/db/migrate.ts'
import { tables } from '../../src/db/migrations/0001-tables.ts'
import { applicationId } from '../../src/db/sqlite/schema.ts'
import type { Memory } from '../../src/memory.ts'
import { openMemory } from '../../src/open.ts'
import { startChild } from '../support/child.ts'
import { damage, seeded } from '../support/damage.ts'
import { dump } from '../support/dump.ts'
import { openScratch, scratchFile, scratchFolder } from '../support/memory.ts'

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

test('a restored store is searched as it is', async () => {
  const memory = await openScratch()
  const to = scratchFile('backup.db')
  await memory.store('a', 'the honey is old')
  await memory.find('honey')
  await memory.store('b', 'more honey')
  await memory.backup(to)
  await memory.store('c', 'honey again')
  await memory.delete('a')
  expect(await memory.find('honey')).toHaveLength(2)
  await memory.restore(to)
  expect((await memory.find('honey')).map(({ value }) => value).sort()).toEqual([
    'more honey',
    'the honey is old',
  ])
  await memory.store('d', 'new honey')
  expect(await memory.find('honey')).toHaveLength(3)
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
     insert into hivewax_migrations (id, name, checksum) values (1, 'tables', '${checksum(tables.sqlite)}');
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
  const memory = await openScratch({}, file)
  const writer = startChild('append', file, 'writer', 'honest')
  await writer.until(line => Number(line) >= 20)
  const backup = scratchFile('backup.db')
  await memory.backup(backup)
  await writer.until(line => Number(line) >= 60)
  await memory.restore(backup)
  const acknowledged = Number(writer.lines.at(-1))
  await writer.until(line => Number(line) >= acknowledged + 50)
  writer.process.kill('SIGKILL')
  await writer.exited
  // The first of these may have been on its way when the restore committed.
  const after = writer.lines.map(Number).filter(n => n > acknowledged + 1)
  const stored = await memory.kv.retrieveMany(after.map(n => `writer/${n}`))
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

test('no revision, version, token, ballot or event id is issued twice, however often a backup is restored', async () => {
  const seed = Math.floor(Math.random() * 2 ** 31)
  console.log(`seed ${seed}`)
  const random = seeded(seed)
  const memory = await openScratch({ agentId: 'agent' })
  const backup = scratchFile('backup.db')
  const seen = new Set<string>()
  const note = (issued: string) => {
    expect(seen, issued).not.toContain(issued)
    seen.add(issued)
  }
  await memory.tasks.create({ id: 'task', description: 'd', maxAttempts: 1000 })
  await memory.backup(backup)
  let lifted = 0
  for (let round = 0; round < 6; round++) {
    for (let step = 0; step < 20; step++) note(await act(memory, random))
    if (random() < 0.3) await memory.backup(backup)
    await memory.restore(backup)
    for (const issued of await held(memory)) note(issued)
    lifted = Math.max(...[...seen].map(issued => Number(issued.split(' ').at(-1))))
  }
  // Numbers start right above the highest one each time, so that restores do not exhaust them.
  expect(lifted).toBeLessThan(1000)
})

/** Does something that issues a number, and says which: `kind key number`. */
async function act(memory: Memory, random: () => number): Promise<string> {
  const key = `k${Math.floor(random() * 3)}`
  const forget = random() < 0.3
  switch (Math.floor(random() * 9)) {
    case 0:
      if (forget) await memory.delete(key)
      return `revision ${key} ${(await memory.store(key, random())).revision}`
    case 1:
      if (forget) await memory.shared.delete(key)
      return `version ${key} ${(await memory.shared.update(key, random())).version}`
    case 2:
      return `event - ${(await memory.logEvent('happened')).id}`
    case 3:
      if (forget) await memory.workflows.delete(key)
      return `workflow ${key} ${(await memory.workflows.save(key, random())).version}`
    case 4:
      if (forget) await memory.consensus.delete(key)
      return `ballot ${key} ${(await memory.consensus.propose(key, { value: random() })).version}`
    case 5:
      return `topology ${key} ${(await memory.topology.save({ swarmId: key, topologyType: 'custom', nodes: ['a'] })).version}`
    case 6:
      return `incarnation ${key} ${(await memory.agents.register({ id: key, type: 'coder' })).incarnation}`
    case 7: {
      const lock = await memory.locks.acquire(key)
      await memory.locks.release(lock)
      return `lock ${key} ${lock.token}`
    }
    default: {
      const [task] = await memory.tasks.claim({ agentId: 'agent' })
      if (task === undefined) throw new Error('the task was not claimable')
      await memory.tasks.release(task)
      return `token ${task.id} ${task.token}`
    }
  }
}

/** The numbers that records carry after a restore: a caller from before must not take them for its own. */
async function held(memory: Memory): Promise<string[]> {
  const rows = await memory.query(`
    select 'revision ' || key || ' ' || revision as issued from memory_store
    union all select 'version ' || key || ' ' || version from shared_state
    union all select 'workflow ' || id || ' ' || version from workflow_state
    union all select 'ballot ' || key || ' ' || version from consensus_state
    union all select 'topology ' || swarm_id || ' ' || max(version) from swarm_topology group by swarm_id
    union all select 'incarnation ' || id || ' ' || incarnation from agents
    union all select 'lock ' || name || ' ' || token from hivewax_locks
    union all select 'token ' || id || ' ' || token from tasks
    union all select 'event - ' || max(id) from events`)
  return rows.map(row => String(row.issued))
}

test('a task that was claimed before the restore cannot be completed with its old token', async () => {
  const memory = await openScratch({ agentId: 'agent' })
  await memory.tasks.create({ id: 'task', description: 'd' })
  const [first] = await memory.tasks.claim({ agentId: 'agent' })
  const backup = scratchFile('backup.db')
  await memory.backup(backup)
  await memory.restore(backup)
  await expect(memory.tasks.complete(first!)).rejects.toMatchObject({ code: 'stale_token' })
  const [second] = await memory.tasks.claim({ agentId: 'agent' })
  expect(second).toMatchObject({ id: 'task' })
  expect(second!.token).toBeGreaterThan(first!.token)
  await memory.tasks.complete(second!)
})

test('a lock that was held is free after the restore, and its former holder finds that it is not its own', async () => {
  const memory = await openScratch()
  const held = await memory.locks.acquire('lock', { owner: 'a', leaseMs: 60_000 })
  const backup = scratchFile('backup.db')
  await memory.backup(backup)
  await memory.restore(backup)
  expect(await memory.locks.check(held)).toBe(false)
  await expect(memory.locks.renew(held)).rejects.toMatchObject({ code: 'stale_token' })
  const next = await memory.locks.acquire('lock', { owner: 'b' })
  expect(next.token).toBeGreaterThan(held.token)
})

test('watchers of shared state are told that their cursor is too old; a watch from the new one goes on', async () => {
  const memory = await openScratch()
  const backup = scratchFile('backup.db')
  await memory.updateSharedState('a', 1)
  await memory.backup(backup)
  await memory.updateSharedState('a', 2)
  const { revision } = await memory.shared.list()
  await memory.restore(backup)
  const watch = async (since: number) => {
    for await (const change of memory.shared.watch('', { since })) return change
    return undefined
  }
  await expect(watch(revision)).rejects.toMatchObject({ code: 'compacted' })
  const { items, revision: present } = await memory.shared.list()
  expect(items).toMatchObject([{ key: 'a', value: 1 }])
  const next = watch(present)
  await memory.updateSharedState('b', 3)
  expect(await next).toMatchObject({ changes: [{ key: 'b', value: 3 }] })
  expect((await memory.shared.history('a')).items.map(({ value }) => value)).toEqual([1])
})

test('a consumer of events goes on after the restore without missing or repeating an id', async () => {
  const memory = await openScratch()
  const backup = scratchFile('backup.db')
  await memory.logEvent('before')
  await memory.backup(backup)
  const { id } = await memory.logEvent('undone')
  const { eventId } = await memory.restore(backup)
  expect(eventId).toBeGreaterThan(id)
  const after = await memory.logEvent('after')
  expect(after.id).toBeGreaterThan(eventId)
  expect(await memory.query('select type from events order by id')).toEqual(
    ['before', 'memory.restored', 'after'].map(type => ({ type })),
  )
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
