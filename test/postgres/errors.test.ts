import { describe, expect, it, onTestFinished } from 'vitest'
import type { Db } from '../../src/db/db.ts'
import { type Mode, sqlstates } from '../../src/db/postgres/error-meanings.ts'
import { PostgresStore } from '../../src/db/postgres/postgres-store.ts'
import { raw, sql } from '../../src/db/sql.ts'
import type { HivewaxError } from '../../src/errors.ts'
import { systemClock } from '../../src/util/clock.ts'
import { emptyUrl, openPostgresScratch, scratchUrl, withClient } from '../support/postgres.ts'

async function openDb(url: string, busyTimeoutMs = 0): Promise<Db> {
  const store = await PostgresStore.open(url, { busyTimeoutMs })
  onTestFinished(() => store.close())
  return store.db(systemClock)
}

/** What the server's error was told as, where its caller hears that the outcome of a write is unknown. */
function told(error: HivewaxError): unknown {
  return error.details?.outcome === 'unknown' ? error.cause : error
}

/** Has the server raise an error in a statement of each mode. */
const raise: Record<Mode, (db: Db, state: string, said: string) => Promise<unknown>> = {
  own: (db, state, said) => db.all(sql`select raise(${state}, ${said})`),
  query: (db, state, said) => db.query('select raise($1, $2)', [state, said]),
  execute: (db, state, said) => db.execute('select raise($1, $2)', [state, said]),
}

describe('the table of SQLSTATEs', () => {
  it.each(Object.keys(sqlstates) as Mode[])(
    'tells what the server says of a statement by it: %s',
    async mode => {
      const url = scratchUrl()
      const db = await openDb(url)
      // Each attempt of a statement of the owner's own has to connect anew.
      const patient = mode === 'execute' ? await openDb(url, 30_000) : db
      await withClient(
        client =>
          client.query(`create function raise(state text, said text) returns void language plpgsql as
          $$ begin raise exception using errcode = state, message = said; end $$`),
        url,
      )
      for (const [prefix, { code, message, hint, when }] of Object.entries(sqlstates[mode])) {
        const state = (prefix || '42601').padEnd(5, '0')
        const said = when === undefined ? 'so it is' : 'unsupported startup parameter: x'
        const details = { sqlstate: state, server: expect.any(String) }
        const wanted = { code, hint, details, message: expect.stringContaining(`${message}: ${said}`) }
        const asked = raise[mode](state.startsWith('40') ? patient : db, state, said)
        expect(await asked.catch(told)).toMatchObject(wanted)
      }
    },
  )
})

it('calls a statement of ours that the server does not understand no damage, and that of a caller their mistake', async () => {
  const db = await openDb(await emptyUrl())
  await expect(db.all(raw('selec 1'))).rejects.toMatchObject({ code: 'storage' })
  await expect(db.all(raw('select * from nowhere'))).rejects.toMatchObject({ code: 'storage' })
  await expect(db.query('selec 1')).rejects.toMatchObject({ code: 'invalid_input' })
  await expect(db.execute('selec 1')).rejects.toMatchObject({ code: 'invalid_input' })
})

/** The URL of a store for a role that only reads until it is `promoted`, as while servers change their parts. */
async function readOnly(url: string): Promise<{ url: string; promote: () => Promise<void> }> {
  const role = `reader_${Date.now()}_${process.pid}`
  const { password } = new URL(url)
  const change = (...texts: string[]) =>
    withClient(async client => {
      for (const text of texts) await client.query(text)
    })
  await change(
    `create role ${role} login superuser password '${password}'`,
    `alter role ${role} set default_transaction_read_only = on`,
  )
  onTestFinished(() => change(`drop role ${role}`))
  const own = new URL(url)
  own.username = role
  const promote = () => change(`alter role ${role} reset default_transaction_read_only`)
  return { url: own.href, promote }
}

it('tells a server that only reads at present as one that is away, and a statement that may only read as wrong', async () => {
  const url = scratchUrl()
  await (await openPostgresScratch({}, url)).store('key', 1)
  const memory = await openPostgresScratch({ busyTimeoutMs: 0 }, (await readOnly(url)).url)
  const away = { code: 'busy', retryable: true, details: { sqlstate: '25006', outcome: 'none' } }
  await expect(memory.store('key', 2)).rejects.toMatchObject(away)
  await expect(memory.transaction(tx => tx.store('key', 2))).rejects.toMatchObject(away)
  await expect(memory.tasks.create({ description: 'a task' })).rejects.toMatchObject(away)
  await expect(memory.execute('delete from memory_store')).rejects.toMatchObject(away)
  await expect(memory.query('delete from memory_store')).rejects.toMatchObject({ code: 'invalid_input' })
  expect(await memory.retrieve('key')).toBe(1)
})

it('stores after all when the server can write again in time', async () => {
  const url = scratchUrl()
  const before = await openPostgresScratch({}, url)
  const { url: own, promote } = await readOnly(url)
  const memory = await openPostgresScratch({ busyTimeoutMs: 60_000 }, own)
  const refused = memory.transaction(async tx => {
    await tx.store('interactive', 1)
  })
  await expect(refused).rejects.toMatchObject({ code: 'busy' })
  const stored = memory.store('key', 1)
  const created = memory.tasks.create({ id: 'task', description: 'a task' })
  await promote()
  await Promise.all([stored, created])
  expect(await before.retrieve('key')).toBe(1)
  expect(await before.tasks.get('task')).toMatchObject({ id: 'task' })
})
