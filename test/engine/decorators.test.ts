import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { noCommits, transactionCapabilities } from '../../src/db/capabilities.ts'
import type { Db } from '../../src/db/db.ts'
import { insertEvents } from '../../src/db/event-log.ts'
import { PostgresStore } from '../../src/db/postgres/postgres-store.ts'
import { sql } from '../../src/db/sql.ts'
import { SqliteStore } from '../../src/db/sqlite/sqlite-store.ts'
import { readBounds } from '../../src/events/log.ts'
import { systemClock } from '../../src/util/clock.ts'
import { decorators, registerActor } from '../support/decorators.ts'
import { HeldDb } from '../support/held-db.ts'
import { scratchFile } from '../support/memory.ts'
import { emptyUrl } from '../support/postgres.ts'

/** Uses of every member that is called. A member added to Db is missing here until it has one. */
type Called = Exclude<keyof Db, 'dialect' | 'supports' | 'hints' | 'author' | 'commits'>
const uses: Record<Called, (db: Db) => unknown> = {
  all: db => db.all(sql`select 1 as one`),
  transaction: db => db.transaction(tx => tx.all(sql`select 2 as two`)),
  query: db => db.query('select ? as three', [3]),
  execute: db => db.execute('delete from sessions'),
  version: db => db.version(),
  assertOutside: db => db.assertOutside(),
  readBeforeWrites: db => db.readBeforeWrites(async () => 4),
}

it('tests every decorator of a database that there is', () => {
  const src = path.join(import.meta.dirname, '../../src')
  const files = fs
    .readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter(file => file.endsWith('.ts'))
  const classes = files.flatMap(file => {
    const text = fs.readFileSync(path.join(src, file), 'utf8')
    return [...text.matchAll(/class (\w+) extends \w*Db\w*/g)].map(([, name]) => name)
  })
  expect(Object.keys(decorators).sort()).toEqual(classes.sort())
})

/** Says which members of `db` are called. */
function observed(db: Db): { db: Db; called: Set<unknown> } {
  const called = new Set<unknown>()
  const get = (target: Db, name: keyof Db) => {
    const member = target[name]
    if (typeof member !== 'function') return member
    return (...args: unknown[]) => {
      called.add(name)
      return Reflect.apply(member, target, args)
    }
  }
  return { db: new Proxy(db, { get: (target, name) => get(target, name as keyof Db) }), called }
}

describe.each(Object.entries(decorators))('%s', (_, { decorate, changes = {} }) => {
  it('forwards every member', async () => {
    const store = await SqliteStore.open(scratchFile(), 1000)
    onTestFinished(() => store.close())
    const plain = store.db(systemClock)
    await registerActor(plain)
    for (const [name, use] of Object.entries(uses)) {
      const { db, called } = observed(plain)
      const decorated = decorate(db)
      expect(await use(decorated)).toEqual(await use(plain))
      // One that makes sure of something first does so in a transaction of its own.
      expect(called.has(name) || called.has('transaction') ? name : 'not forwarded').toBe(name)
      expect(decorated).toMatchObject({ dialect: plain.dialect, supports: { ...plain.supports, ...changes } })
      expect(decorated.commits).toBe(plain.commits)
      expect(decorated.hints).toBe(plain.hints)
    }
  })

  it('hands a transaction on with every member of its own', async () => {
    const store = await SqliteStore.open(scratchFile(), 1000)
    onTestFinished(() => store.close())
    const plain = store.db(systemClock)
    await registerActor(plain)
    await decorate(plain).transaction(async tx => {
      for (const use of Object.values(uses)) await use(tx)
      expect(await tx.version()).not.toBe(await tx.version())
      expect(tx).toMatchObject({ supports: transactionCapabilities, commits: noCommits })
      expect(tx.hints).toBe(plain.hints)
    })
  })

  it('keeps a write from the store of a server until a read that goes first is over', async () => {
    const store = await PostgresStore.open(await emptyUrl(), { maxConnections: 4 })
    onTestFinished(() => store.close())
    const plain = store.db(systemClock)
    await registerActor(plain)
    const held = new HeldDb(plain)
    const db = decorate(held)
    const start = db.readBeforeWrites(() => readBounds(db))
    const written = insertEvents(db, [{ type: 't', source: 's', data: null }])
    await held.releaseAfter(written)
    const [event] = await written
    expect(event?.id).toBeGreaterThan((await start).head)
  })
})
