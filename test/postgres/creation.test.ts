import { expect, it, onTestFinished } from 'vitest'
import { openMemory } from '../../src/open.ts'
import { openPostgresScratch, scratchUrl, withClient } from '../support/postgres.ts'

/** The name of the schema that a scratch URL names. */
function schemaOf(url: string): string {
  return new URL(url).searchParams.get('schema') ?? ''
}

it('refuses the tables of another program, and leaves them as they were', async () => {
  const url = scratchUrl()
  await withClient(client => client.query(`create schema ${schemaOf(url)} create table tasks (id int)`))
  await expect(openMemory(url)).rejects.toMatchObject({
    code: 'foreign_store',
    message: expect.stringContaining('holds tables of another program: tasks'),
  })
  const tables = 'select table_name as name from information_schema.tables where table_schema = $1'
  const { rows } = await withClient(client => client.query(tables, [schemaOf(url)]))
  expect(rows).toEqual([{ name: 'tasks' }])
})

it('needs no right to create schemas where there is one that it may fill', async () => {
  const url = scratchUrl()
  const role = schemaOf(url)
  await withClient(client =>
    client.query(`create role ${role} login password 'right'; create schema authorization ${role}`),
  )
  onTestFinished(() =>
    withClient(async client => void (await client.query(`drop owned by ${role}; drop role ${role}`))),
  )
  const own = Object.assign(new URL(url), { username: role, password: 'right' })
  const memory = await openPostgresScratch({}, own.href)
  await memory.store('key', 'value')
  expect(await memory.retrieve('key')).toBe('value')
})

it('creates a store in turn with others by a row, and locks no table for it', async () => {
  const url = scratchUrl()
  const schema = schemaOf(url)
  await withClient(async client => {
    await client.query(`create schema ${schema}`)
    await client.query(`create table ${schema}.hivewax_creation (lock bigint primary key)`)
    await client.query(`begin; insert into ${schema}.hivewax_creation values (1)`)
    const opening = openPostgresScratch({}, url)
    const waiting =
      'select 1 from pg_locks where not granted and pg_backend_pid() = any (pg_blocking_pids(pid))'
    while ((await client.query(waiting)).rowCount === 0) await client.query('select pg_sleep(0.01)')
    const { rows } = await client.query(
      `select distinct mode from pg_locks where relation = '${schema}.hivewax_creation'::regclass and locktype = 'relation'`,
    )
    expect(rows).toEqual([{ mode: 'RowExclusiveLock' }])
    await client.query('rollback')
    await (await opening).store('key', 'value')
  })
})

it('refuses a connection that does not use the schema that was asked for, as behind a proxy that drops settings', async () => {
  const url = `${scratchUrl()}&options=${encodeURIComponent('-c search_path=public')}`
  await expect(openMemory(url)).rejects.toMatchObject({
    code: 'unsupported',
    message: `the connection uses the schema public instead of ${schemaOf(url)}`,
  })
})
