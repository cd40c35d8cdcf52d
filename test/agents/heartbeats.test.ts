import { expect, it, onTestFinished } from 'vitest'
import { Heartbeats } from '../../src/agents/heartbeat.ts'
import type { Db, Row } from '../../src/db/db.ts'
import { DbDecorator } from '../../src/db/decorators/db-decorator.ts'
import { type Sql, sql } from '../../src/db/sql.ts'
import { SqliteStore } from '../../src/db/sqlite/sqlite-store.ts'
import { paceBy, TestClock } from '../support/clock.ts'
import { openScratch, scratchFile } from '../support/memory.ts'

const interactive = { interactive: true }
const insert = (db: Db, id: number) =>
  db.all(sql`insert into events (id, type, source) values (${id}, 't', 's')`)

it('spends no commit of its own on the sign of life of a write, a transaction, or many writes at once', async () => {
  const clock = new TestClock()
  const store = await SqliteStore.open(scratchFile(), 1000)
  onTestFinished(() => store.close())
  let commits = 0
  paceBy(0)
  store.writer.onCommit = () => commits++
  const plain = store.db(clock)
  await plain.all(
    sql`insert into agents (id, type, last_active) values ('a', 'coder', '2000-01-01 00:00:00.000')`,
  )
  const db = new Heartbeats(plain, clock, error => expect.fail(String(error))).of('a')
  const acts = [
    () => insert(db, 1),
    () => db.transaction(tx => insert(tx, 2)),
    () => db.transaction(tx => insert(tx, 3), interactive),
    () => Promise.all([insert(db, 4), insert(db, 5), db.transaction(tx => insert(tx, 6))]),
  ]
  for (const act of acts) {
    clock.advance(1000)
    commits = 0
    await act()
    expect(commits).toBe(1)
    const now = plain.dialect.now()
    expect(await plain.all(sql`select id from agents where last_active = ${now}`)).toEqual([{ id: 'a' }])
  }
})

it('renews all agents of a process who act at the same time in one statement and one commit', async () => {
  const clock = new TestClock()
  const store = await SqliteStore.open(scratchFile(), 1000)
  onTestFinished(() => store.close())
  const plain = store.db(clock)
  const ids = Array.from({ length: 50 }, (_, i) => `agent-${i}`)
  for (const id of ids)
    await plain.all(sql`insert into agents (id, type, last_active) values (${id}, 'coder', '2000')`)
  paceBy(0)
  let renewals = 0
  class Counted extends DbDecorator {
    override all<R extends object = Row>(query: Sql): Promise<R[]> {
      if (query.strings.join('?').startsWith('update agents')) renewals++
      return super.all<R>(query)
    }
  }
  let commits = 0
  store.writer.onCommit = () => commits++
  const heartbeats = new Heartbeats(new Counted(plain), clock, error => expect.fail(String(error)))
  const handles = [...ids, 'never registered'].map(id => heartbeats.of(id))
  for (let round = 0; round < 3; round++) {
    clock.advance(1000)
    commits = renewals = 0
    await Promise.all(handles.map((db, i) => insert(db, 1000 * round + i + 1)))
    expect({ commits, renewals }).toEqual({ commits: 1, renewals: 1 })
    // Within the interval nobody is renewed again.
    await Promise.all(handles.map((db, i) => insert(db, 1000 * round + i + 501)))
    expect({ commits, renewals }).toEqual({ commits: 2, renewals: 1 })
    const now = plain.dialect.now()
    expect(await plain.all(sql`select id from agents where last_active = ${now}`)).toHaveLength(50)
  }
})

it('notes that an agent acts through the handle of another, within its transaction, once in an interval', async () => {
  const clock = new TestClock()
  const store = await SqliteStore.open(scratchFile(), 1000)
  onTestFinished(() => store.close())
  const db = store.db(clock)
  await db.all(sql`insert into agents (id, type, last_active) values ('a', 'coder', '2000')`)
  const heartbeats = new Heartbeats(db, clock, error => expect.fail(String(error)))
  const isNoted = async () =>
    (await db.all(sql`select id from agents where last_active = ${db.dialect.now()}`)).length === 1
  const undone = db.transaction(async tx => {
    await heartbeats.note(tx, 'a')
    throw new Error('undo')
  })
  await expect(undone).rejects.toThrow('undo')
  expect(await isNoted()).toBe(false)
  clock.advance(1000)
  await db.transaction(tx => heartbeats.note(tx, 'a'))
  expect(await isNoted()).toBe(true)
  clock.advance(999)
  await heartbeats.note(db, 'a')
  expect(await isNoted()).toBe(false)
  clock.advance(1)
  await heartbeats.note(db, 'a')
  expect(await isNoted()).toBe(true)
})

it('tells of a renewal that failed, stores the write all the same, and renews with the next one', async () => {
  const clock = new TestClock()
  const memory = await openScratch({ clock })
  const errors: unknown[] = []
  memory.on('background_error', error => errors.push(error))
  await memory.registerAgent({ id: 'a', type: 'coder' })
  await memory.execute(
    "create trigger refuse before update on agents begin select raise(abort, 'refused'); end",
  )
  clock.advance(5000)
  await memory.as('a').store('k', 1)
  expect(await memory.retrieve('k')).toBe(1)
  expect(errors).toHaveLength(1)
  await memory.execute('drop trigger refuse')
  await memory.as('a').store('k', 2)
  expect((await memory.agents.get('a'))?.lastActive).toEqual(new Date(clock.now()))
})

it('says nothing of the agent when the memory was used inside its own transaction', async () => {
  const clock = new TestClock()
  const memory = (await openScratch({ clock })).as('a')
  const errors: unknown[] = []
  memory.on('background_error', error => errors.push(error))
  await memory.registerAgent({ id: 'a', type: 'coder' })
  const misuse = memory.transaction(() => {
    clock.advance(1000)
    return memory.store('k', 1)
  })
  await expect(misuse).rejects.toMatchObject({ code: 'transaction_misuse' })
  await memory.store('k', 2)
  expect(errors).toEqual([])
})

it('acts as the agent that the environment names', async () => {
  process.env.HIVEWAX_AGENT = 'from-env'
  try {
    const clock = new TestClock()
    const memory = await openScratch({ clock })
    await memory.registerAgent({ id: 'from-env', type: 'coder' })
    await memory.registerAgent({ id: 'a', type: 'coder' })
    clock.advance(5000)
    await memory.store('k', 1)
    const active = (await memory.agents.list()).items.map(agent => agent.lastActive.getTime() === clock.now())
    expect(active).toEqual([false, true])
    process.env.HIVEWAX_AGENT = 'x'.repeat(513)
    await expect(openScratch()).rejects.toMatchObject({ code: 'invalid_input' })
  } finally {
    delete process.env.HIVEWAX_AGENT
  }
})
