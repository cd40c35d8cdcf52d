import { once } from 'node:events'
import pg from 'pg'
import { expect, it, onTestFinished } from 'vitest'
import { PostgresCommits } from '../../src/db/postgres/commits.ts'
import type { Listening } from '../../src/db/postgres/listener.ts'
import { PostgresStore } from '../../src/db/postgres/postgres-store.ts'
import { type Sql, sql } from '../../src/db/sql.ts'
import { startChild } from '../support/child.ts'
import { openPostgresScratch, withClient } from '../support/postgres.ts'

async function another(url: string): Promise<PostgresStore> {
  const store = await PostgresStore.open(url, { maxConnections: 2 })
  onTestFinished(() => store.close())
  return store
}

function run(store: PostgresStore, query: Sql) {
  const { statement, params } = store.compile(query)
  return store.run(statement, params)
}

const write = (store: PostgresStore) =>
  run(
    store,
    sql`insert into hivewax_locks (name, token) values ('l', 1)
                 on conflict (name) do update set token = hivewax_locks.token + 1`,
  )

/** Resolves at the next commit that is known of. */
const next = (commits: PostgresCommits) => new Promise<void>(resolve => void commits.wait(resolve))

/** Waits, as somebody who follows would, until the commits of others are heard of. */
async function untilHeard(commits: PostgresCommits): Promise<void> {
  while (!commits.hears) await next(commits)
}

/** Ends the server's side of the listening connections of the store. */
async function breakListener(url: string): Promise<void> {
  const end = `select pg_terminate_backend(pid) from pg_stat_activity
               where datname = current_database() and query like 'listen "hivewax %'`
  await withClient(client => client.query(end), url)
}

it('hears of the commits of another store, and knows its own', async () => {
  const { url } = await openPostgresScratch()
  const [here, there] = [await another(url), await another(url)]
  await untilHeard(here.commits)
  for (let round = 0; round < 20; round++) {
    const { count } = here.commits
    const heard = next(here.commits)
    await write(there)
    await heard
    // While notifications are heard nobody looks on his own, so this was one.
    expect(here.commits.hears).toBe(true)
    expect(here.commits.count - count).toBeLessThanOrEqual(2)
  }
  const known = next(here.commits)
  await write(here)
  await known
})

it('tells nobody of reads, nor of what nobody follows', async () => {
  const { url } = await openPostgresScratch()
  const store = await another(url)
  await run(store, sql`select 1 from hivewax_locks`)
  await run(store, sql`insert into memory_store (key, value) values ('k', '1')`)
  expect(store.commits.count).toBe(0)
})

it('goes on hearing after its connection was ended by the server', async () => {
  const { url } = await openPostgresScratch()
  const [here, there] = [await another(url), await another(url)]
  for (let round = 0; round < 3; round++) {
    await untilHeard(here.commits)
    await breakListener(url)
    while (here.commits.hears) await next(here.commits)
    await untilHeard(here.commits)
    const heard = next(here.commits)
    await write(there)
    await heard
    expect(here.commits.hears).toBe(true)
  }
})

it('yields every event to a subscriber whose connection is ended again and again', async () => {
  const memory = await openPostgresScratch()
  const writer = await openPostgresScratch({}, memory.url)
  const seen: number[] = []
  const events = memory.events.subscribe({ types: ['t'], since: 0 })
  const subscribed = (async () => {
    for await (const event of events) {
      seen.push(Number(event.data))
      if (seen.length === 200) return
    }
  })()
  for (let i = 0; i < 200; i++) {
    await writer.logEvent('t', i)
    if (i % 50 === 25) await breakListener(memory.url)
  }
  await subscribed
  expect(seen).toEqual(Array.from({ length: 200 }, (_, i) => i))
})

it('looks on its own where notifications do not arrive', async () => {
  const { url } = await openPostgresScratch()
  const there = await another(url)
  // Notifications do not leave their database: LISTEN succeeds, and nothing is ever heard.
  const elsewhere = new URL(url)
  elsewhere.pathname = '/template1'
  const clients: Listening[] = []
  const connect = () => {
    const client = new pg.Client(elsewhere.href) as Listening
    clients.push(client)
    return client
  }
  const commits = new PostgresCommits(
    {
      connect,
      notify: () => there.use(async client => void (await client.query('notify "a channel"'))),
    },
    '"a channel"',
  )
  onTestFinished(() => commits.close())
  await next(commits)
  await once(clients[0]!, 'end')
  for (let round = 0; round < 5; round++) await next(commits)
  expect(commits.hears).toBe(false)
  expect(commits.count).toBeGreaterThan(5)
  expect(clients).toHaveLength(1)
})

it('keeps no process alive by listening', async () => {
  const { url } = await openPostgresScratch()
  const child = startChild('await-commits', url)
  await child.until(line => line === 'hears')
  expect(await child.exited).toBe(0)
})

it('undoes a statement that fails inside a transaction alone', async () => {
  const memory = await openPostgresScratch()
  await memory.transaction(async tx => {
    await tx.store('a', 1)
    await expect(tx.execute('insert into nothing values (1)')).rejects.toMatchObject({
      code: 'invalid_input',
    })
    await expect(tx.query('delete from memory_store')).rejects.toMatchObject({ code: 'invalid_input' })
    await tx.store('b', 2)
    await expect(tx.query('select 1; drop table memory_store')).rejects.toMatchObject({
      code: 'invalid_input',
    })
    expect(await tx.query('select 1 as one')).toEqual([{ one: 1 }])
    await tx.execute("insert into hivewax_locks (name, token) values ('after', 1)")
  })
  expect(await memory.retrieve('a')).toBe(1)
  expect(await memory.retrieve('b')).toBe(2)
  expect(await memory.query('select name from hivewax_locks')).toEqual([{ name: 'after' }])
  await expect(memory.query('commit; drop table memory_store')).rejects.toMatchObject({
    code: 'invalid_input',
  })
})
