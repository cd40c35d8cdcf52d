import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it, onTestFinished } from 'vitest'
import { copiedTables, ownTables } from '../../src/db/copy/copied-tables.ts'
import { copyStore } from '../../src/db/copy/copy-store.ts'
import { openMemory } from '../../src/open.ts'
import { cliEnv, document, hivewax, hivewaxFile } from '../support/cli.ts'
import { contents, fillFile } from '../support/filled.ts'
import { openScratch, scratchFile, scratchFolder } from '../support/memory.ts'
import { openPostgresScratch, scratchUrl, withClient } from '../support/postgres.ts'

async function filledFile(count: number): Promise<string> {
  const file = scratchFile()
  await fillFile(file, count)
  return file
}

function execute(file: string, text: string): void {
  const db = new DatabaseSync(file, { enableForeignKeyConstraints: false })
  db.exec(text)
  db.close()
}

/** Changes a store on a server before anything else goes on in this process. */
function executeAtOnce(url: string, text: string): void {
  const support = new URL('../support/postgres.ts', import.meta.url).href
  const script = `
    import { withClient } from ${JSON.stringify(support)}
    await withClient(client => client.query(${JSON.stringify(text)}), ${JSON.stringify(url)})`
  execFileSync(process.execPath, ['--input-type=module', '-e', script], { timeout: 30_000 })
}

/** What is said of a store into which a migration has not ended. */
const half = { code: 'conflict', hint: expect.stringContaining('hivewax migrate') }

describe('a migration', () => {
  it('to PostgreSQL and back gives every row of every table again, and the numbers to come', async () => {
    const from = await filledFile(100)
    const [server, back] = [scratchUrl(), scratchFile('back.db')]
    const fractions: number[] = []
    const there = await copyStore({
      from,
      to: server,
      onProgress: ({ fraction }) => fractions.push(fraction),
    })
    expect(there).toMatchObject({ from, rows: 100 * copiedTables.length, resumedRows: 0, leftOut: [] })
    expect(fractions).toEqual([...fractions].sort((a, b) => a - b))
    expect(fractions.at(-1)).toBe(1)
    const again = await copyStore({ from: server, to: back })
    expect(again.tables).toEqual(there.tables)
    expect(contents(back)).toEqual(contents(from))
  })

  it('leads from a file to a file and from a server to a server as well', async () => {
    const from = await filledFile(10)
    const [file, first, second, back] = [scratchFile(), scratchUrl(), scratchUrl(), scratchFile()]
    await copyStore({ from, to: file })
    await copyStore({ from: file, to: first })
    await copyStore({ from: first, to: second })
    await copyStore({ from: second, to: back })
    expect(contents(back)).toEqual(contents(from))
  })

  it('leaves stores that work: found, sealed, leased and numbered as before', async () => {
    const file = scratchFile()
    const memory = await openScratch({}, file)
    await memory.store('a', { text: 'honey is old' }, { ttl: 3600 })
    await memory.store('b', 1)
    await memory.store('b', 2)
    await memory.tasks.create({ id: 't', description: 'gather honey' })
    await memory.logEvent('first')
    await memory.events.seal()
    await memory.logEvent('second', { x: 1 })
    const moved = scratchUrl()
    await copyStore({ from: file, to: moved })
    const server = await openPostgresScratch({}, moved)
    expect(await server.kv.get('a')).toEqual(await memory.kv.get('a'))
    expect(await server.find('honey')).toHaveLength(2)
    expect(await server.events.verify()).toMatchObject({ ok: true })
    await server.logEvent('third')
    expect(await server.events.verify()).toMatchObject({ ok: true })
    const [claimed] = await server.tasks.claim({ agentId: 'bee' })
    await server.tasks.complete({ id: claimed!.id, token: claimed!.token })
    const back = scratchFile('back.db')
    await copyStore({ from: moved, to: back })
    const returned = await openScratch({}, back)
    expect(await returned.events.verify()).toMatchObject({ ok: true })
    const [last] = await returned.query('select max(id) as id from events')
    expect((await returned.logEvent('fourth')).id).toBe(Number(last!.id) + 1)
    expect(await returned.find('honey')).toHaveLength(2)
  })

  it('names the tables of the owner, which stay where they are', async () => {
    const from = await filledFile(1)
    execute(from, 'create table own (x)')
    expect(await copyStore({ from, to: scratchUrl() })).toMatchObject({ leftOut: ['own'] })
  })

  it('replaces what a target holds only when told to', async () => {
    const from = await filledFile(3)
    const to = scratchUrl()
    const server = await openPostgresScratch({ countReads: false }, to)
    await server.store('mine', 'nectar')
    await server.find('nectar')
    const refused = copyStore({ from, to })
    await expect(refused).rejects.toMatchObject({
      code: 'conflict',
      hint: expect.stringContaining('--force'),
    })
    expect(await server.retrieve('mine')).toBe('nectar')
    await copyStore({ from, to, force: true })
    expect(await server.retrieve('mine')).toBeUndefined()
    expect(await server.find('nectar')).toEqual([])
    const back = scratchFile()
    await (await openMemory(back, { background: false })).store('other', 1)
    await copyStore({ from: to, to: back, force: true })
    expect(contents(back).memory_store).toEqual(contents(from).memory_store)
  })

  it('refuses a source that is not there or holds nothing, and itself', async () => {
    const missing = copyStore({ from: scratchFile('missing.db'), to: scratchUrl() })
    await expect(missing).rejects.toMatchObject({ code: 'not_found' })
    const empty = await openScratch()
    await expect(copyStore({ from: empty.url, to: scratchUrl() })).rejects.toMatchObject({
      code: 'not_found',
    })
    const file = await filledFile(1)
    await expect(copyStore({ from: file, to: file })).rejects.toMatchObject({ code: 'invalid_input' })
    const other = copyStore({ from: file, to: 'mysql://localhost' })
    await expect(other).rejects.toMatchObject({ code: 'unsupported' })
  })

  const unfit: [what: string, change: string, message: string][] = [
    ['a time that is none', "update sessions set expires_at = 'soon'", 'sessions.expires_at'],
    ['binary data', "update sessions set data = x'00ff'", 'sessions.data'],
    ['a character that no text may hold', "update sessions set data = 'a' || char(0)", 'sessions'],
    ['a word for a number', "update sessions set ttl_ms = 'long'", 'sessions'],
    ['a reference to nothing', 'delete from agents', 'agent_memory'],
    ['a column of the owner', 'alter table sessions add column own', 'sessions.own'],
  ]
  it.each(unfit)('refuses what PostgreSQL cannot hold, by name: %s', async (_, change, message) => {
    const from = await filledFile(2)
    execute(from, change)
    const failed = copyStore({ from, to: scratchUrl() })
    await expect(failed).rejects.toMatchObject({
      code: 'invalid_input',
      message: expect.stringContaining(message),
    })
  })

  it('killed half-way goes on where it was, and copies anew what has changed since', async () => {
    const from = await filledFile(1000)
    const to = scratchUrl()
    await killAt('tasks', from, to)
    const rows = await withClient(
      async client => (await client.query('select count(*) as n from memory_store')).rows,
      to,
    )
    expect(Number(rows[0].n)).toBe(1000)
    await expect(openPostgresScratch({}, to)).rejects.toMatchObject(half)
    await expect(copyStore({ from: to, to: scratchFile() })).rejects.toMatchObject(half)
    const other = copyStore({ from: await filledFile(1), to })
    await expect(other).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining(from) })
    execute(from, "update agents set metadata = 'changed' where id = 'r7'")
    execute(from, "update shared_state set value = 'changed' where key = 'r7'")
    const result = await copyStore({ from, to })
    // All of memory_store, its history and limits, and sessions; agents, whose first rows have changed, and their memory
    // with its history once more.
    expect(result.resumedRows).toBeGreaterThanOrEqual(4000)
    expect(result.resumedRows).toBeLessThan(5000)
    const back = scratchFile()
    await copyStore({ from: to, to: back })
    expect(contents(back)).toEqual(contents(from))
  })

  it('into a file, ended half-way by a signal, goes on where it was', async () => {
    const from = await filledFile(1000)
    const to = scratchFile('copy.db')
    const opened = await openScratch({}, to)
    const ending = new AbortController()
    const ended = copyStore({
      from,
      to,
      signal: ending.signal,
      onProgress: ({ step }) => step === 'tasks' && ending.abort(new Error('enough')),
    })
    await expect(ended).rejects.toThrow('enough')
    expect(contents(to).memory_store).toHaveLength(1000)
    const { checks } = await opened.maintenance.doctor()
    expect(checks.find(({ name }) => name === 'migration')).toMatchObject({ ok: false })
    await expect(openMemory(to, { background: false })).rejects.toMatchObject(half)
    await expect(copyStore({ from: to, to: scratchFile() })).rejects.toMatchObject(half)
    execute(from, "delete from shared_state where key = 'r1'; delete from memory_store where id = 5")
    expect((await copyStore({ from, to })).resumedRows).toBeGreaterThan(2000)
    // A delete raises the floor.
    expect({ ...contents(to), counters: [] }).toEqual({ ...contents(from), counters: [] })
  })

  it('finds a row that became another one on its way', async () => {
    const from = await filledFile(50)
    const to = scratchUrl()
    let isChanged = false
    const failed = copyStore({
      from,
      to,
      onProgress: ({ step }) => {
        if (isChanged || step !== 'hivewax_access') return
        isChanged = true
        executeAtOnce(to, "update sessions set data = 'other' where id = 'r9'")
      },
    })
    await expect(failed).rejects.toMatchObject({
      code: 'corrupt',
      message: expect.stringContaining('sessions'),
    })
  })
})

describe('hivewax migrate', () => {
  it('copies a store, prints what it did, and says what is missing', async () => {
    const folder = scratchFolder()
    const to = scratchUrl()
    const [, missing] = ['store', 'migrate'].map(command => hivewax(folder, [command, '--from', 'x']))
    expect(missing).toMatchObject({ status: 2, stderr: expect.stringContaining('--to') })
    hivewax(folder, ['--url', 'a.db', 'store', 'k', 'v'])
    const ran = hivewax(folder, ['migrate', '--from', 'a.db', '--to', to, '--json'])
    expect(document(ran)).toMatchObject({
      ok: true,
      data: { rows: 1, tables: [{ name: 'memory_store', rows: 1 }] },
    })
    expect(hivewax(folder, ['migrate', '--from', 'a.db', '--to', to])).toMatchObject({ status: 4 })
    expect(hivewax(folder, ['migrate', '--from', 'a.db', '--to', to, '--force']).status).toBe(0)
    expect(hivewax(folder, ['migrate', '--from', to, '--to', '.swarm/memory.db']).status).toBe(0)
    expect(hivewax(folder, ['retrieve', 'k']).stdout).toBe('v\n')
  })
})

it('the tables that are copied, and those that are not, are all there are', async () => {
  const file = await openScratch()
  const server = await openPostgresScratch()
  const listed = (rows: Record<string, unknown>[]) => rows.map(({ name }) => String(name)).sort()
  const all = await Promise.all([
    file.query("select name from sqlite_schema where type = 'table'"),
    server.query('select tablename as name from pg_tables where schemaname = current_schema()'),
  ])
  const names = copiedTables.map(({ name }) => name).sort()
  for (const found of all) expect(listed(found).filter(name => !ownTables.test(name))).toEqual(names)
})

/** Starts a migration, and kills it while it waits to fill a table of the target that somebody else holds. */
async function killAt(table: string, from: string, to: string): Promise<void> {
  await (await openMemory(to, { background: false })).close()
  await withClient(async client => {
    await client.query(`begin; lock table ${table} in share mode`)
    const args = [hivewaxFile, 'migrate', '--from', from, '--to', to]
    const child = spawn(process.execPath, args, { env: cliEnv(scratchFolder()), stdio: 'inherit' })
    onTestFinished(() => void child.kill('SIGKILL'))
    const waits = 'select 1 from pg_locks where not granted and relation = cast($1 as regclass)'
    await expect
      .poll(async () => (await client.query(waits, [table])).rows.length, { timeout: 30_000 })
      .toBe(1)
    child.kill('SIGKILL')
    expect(await once(child, 'exit')).toEqual([null, 'SIGKILL'])
    await client.query('rollback')
  }, to)
}
