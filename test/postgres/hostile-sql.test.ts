import fs from 'node:fs'
import type pg from 'pg'
import { expect, it } from 'vitest'
import type { Memory } from '../../src/memory.ts'
import { scratchFile } from '../support/memory.ts'
import { emptyUrl, openPostgresScratch, readerUrl, withClient } from '../support/postgres.ts'
import { type Hostile, hostileStatements } from './hostile-statements.ts'

/** After this an endless statement is given up, in milliseconds. */
const timeoutMs = 400

/** What else of a database a statement could have changed than rows, or could have left on its server. */
const catalogs = [
  `select nspname, relname, relkind, relacl from pg_class c join pg_namespace n on n.oid = relnamespace
   where nspname !~ '^pg_toast' order by 1, 2`,
  "select proname from pg_proc p join pg_namespace n on n.oid = pronamespace where nspname !~ '^pg_|information' order by 1",
  `select cast(attrelid as regclass) as of, attname from pg_attribute
   where attrelid in (cast('events' as regclass), cast('memory_store' as regclass)) order by 1, 2`,
  'select setconfig from pg_db_role_setting join pg_database d on d.oid = setdatabase where datname = current_database()',
  'select oid from pg_largeobject_metadata order by 1',
  'select gid from pg_prepared_xacts where database = current_database()',
  "select slot_name from pg_replication_slots where slot_name = 'mine'",
  "select rolname from pg_roles where rolname = 'mine'",
  "select description from pg_description where objoid = cast('memory_store' as regclass)",
  'select extname from pg_extension order by 1',
]

function traces(url: string): Promise<unknown> {
  return withClient(async client => {
    const rows = async (text: string) => (await client.query(text)).rows
    const tables = await rows(
      'select tablename as name from pg_tables where schemaname = current_schema() order by 1',
    )
    const found: unknown[] = []
    for (const { name } of tables)
      found.push(name, await rows(`select t.* from ${name} t order by cast(t as text)`))
    for (const catalog of catalogs) found.push(await rows(catalog))
    return found
  }, url)
}

/** Statements of callers that still run, and locks that outlive a transaction. */
function leftOpen(url: string): Promise<unknown[]> {
  const sessions = `select state, query from pg_stat_activity where datname = current_database()
    and pid <> pg_backend_pid() and query ~* 'hivewax_query|sleep|generate_series|begin read only'`
  const locks = `select locktype, objid from pg_locks l join pg_database d on d.oid = l.database
    where locktype = 'advisory' and datname = current_database()`
  const rows = async (text: string) => withClient(async client => (await client.query(text)).rows, url)
  return Promise.all([rows(sessions), rows(locks)]).then(lists => lists.flat())
}

interface Ground {
  readonly url: string
  readonly memory: Memory
  /** What is not to be there afterwards. */
  readonly file: string
}

async function prepare(reader?: (url: string) => Promise<string>): Promise<Ground> {
  const url = await emptyUrl()
  const options = { maxConnections: 1, countReads: false, reader: await reader?.(url) }
  const memory = await openPostgresScratch(options, url)
  await memory.store('kept', 'by its owner')
  await memory.logEvent('kept')
  await memory.tokens.create({ principal: 'p', permissions: ['memory:read'] })
  await memory.execute('create sequence hivewax_mine')
  return { url, memory, file: scratchFile('mine') }
}

/** What the owner does meanwhile: reads by a statement of ours, and changes, as a transaction of its own, the same record. */
async function ownerWorks({ memory }: Ground, client: pg.Client): Promise<void> {
  await client.query("begin; update memory_store set value = value where key = 'kept'")
  expect(await memory.retrieve('kept')).toBe('by its owner')
  await client.query('rollback')
}

const textOf = ({ text }: Hostile, { file }: Ground) => text.replace('FILE', file)

/** What a statement comes to: the code of its error, or `answered`. */
const codeOf = (asked: Promise<unknown>) =>
  asked.then(
    () => 'answered',
    error => error.code as string,
  )

/** What an answer may be at the worst of a statement that only reads, or says that it does. */
const reads = /^\s*(select|with|table|explain)/i

/** Sends all of them, one by one. */
async function attack(ground: Ground, list: readonly Hostile[]): Promise<void> {
  await withClient(async client => {
    await client.query("set lock_timeout = '20s'")
    for (const hostile of list) {
      const text = textOf(hostile, ground)
      const options = { timeoutMs: hostile.isEndless ? timeoutMs : 30_000, caller: 'eve' }
      const outcome = codeOf(ground.memory.query(text, [], options))
      await ownerWorks(ground, client)
      const allowed = hostile.isEndless
        ? ['deadline', 'too_large']
        : ['invalid_input', 'forbidden', 'busy', reads.test(text) && 'answered']
      expect(allowed, text).toContain(await outcome)
    }
  }, ground.url)
}

for (const [as, reader] of [
  ['a role that can only read', readerUrl],
  ['the owner of the store and of the server, because somebody wanted it so', async () => 'owner'],
] as const) {
  it(`writes nothing, leaves nothing, and keeps nobody from working, as ${as}`, async () => {
    const ground = await prepare(reader)
    const list = hostileStatements.filter(({ asReaderOnly }) => reader === readerUrl || !asReaderOnly)
    expect(list.length).toBeGreaterThan(100)
    const before = await traces(ground.url)
    await attack(ground, list)
    await expect.poll(() => leftOpen(ground.url), { timeout: 20_000 }).toEqual([])
    expect(await traces(ground.url)).toEqual(before)
    expect(fs.existsSync(ground.file)).toBe(false)
  })
}

it('cannot end the transaction of a callback, nor leave anything to the one that has its connection next', async () => {
  const ground = await prepare()
  const { memory, url } = ground
  const list = hostileStatements.filter(({ asReaderOnly, isEndless }) => !asReaderOnly && !isEndless)
  const before = await traces(url)
  const undo = new Error('to undo it')
  const attacked = memory.transaction(
    async tx => {
      for (const hostile of list) {
        await tx.store('undone', hostile.text)
        await codeOf(tx.query(textOf(hostile, ground)))
        // Its own statements go on to be prepared, and to mean what they say.
        expect(await tx.retrieve('undone'), hostile.text).toBe(hostile.text)
        expect(await tx.query("select value from memory_store where key = 'undone'")).toHaveLength(1)
      }
      throw undo
    },
    { timeoutMs: 300_000 },
  )
  await expect(attacked).rejects.toBe(undo)
  expect(await memory.retrieve('kept')).toBe('by its owner')
  expect(await traces(url)).toEqual(before)
  expect(await leftOpen(url)).toEqual([])
  expect(fs.existsSync(ground.file)).toBe(false)
})

it('returns so many rows at most, and reads so much of them, whatever they are', async () => {
  const { memory } = await prepare()
  const ask = (text: string) => memory.query(text, [], { timeoutMs: 60_000 })
  const most = 'select g from generate_series(1, 100000) g'
  expect(await ask(most)).toHaveLength(100_000)
  const before = process.memoryUsage.rss()
  for (const text of [
    `${most} union all select 0`,
    "select generate_series(1, 100000000), repeat('x', 100)",
    "select repeat('x', 70000000)",
  ])
    await expect(ask(text), text).rejects.toMatchObject({ code: 'too_large' })
  expect(process.memoryUsage.rss() - before).toBeLessThan(512 * 2 ** 20)
  // The owner of the process may have more, without a limit of time.
  expect(await memory.query(`${most} union all select 0`)).toHaveLength(100_001)
})

it('explains a statement, runs what only reads, and takes values and one statement', async () => {
  const { memory } = await prepare()
  expect(await memory.query('select value from memory_store where key = $1;', ['kept'])).toHaveLength(1)
  expect(await memory.query('with a as (select 1 as one) select * from a -- so')).toEqual([{ one: 1 }])
  expect(await memory.query('values (1), ($1)', [2])).toHaveLength(2)
  expect(await memory.query('table memory_store')).toHaveLength(1)
  const plan = 'explain (analyze, costs off) select * from memory_store where key = $1'
  expect(JSON.stringify(await memory.query(plan, ['kept']))).toContain('rows=1')
  expect(await memory.query('explain verbose select 1')).not.toEqual([])
  await expect(memory.query(' ')).rejects.toMatchObject({ code: 'invalid_input' })
})

it('refuses a statement of the owner that would end its transaction, however it is written', async () => {
  const { memory } = await prepare()
  const refused = { code: 'invalid_input', message: expect.stringContaining('not allowed') }
  const texts = [
    'commit',
    'ROLLBACK',
    '  end;',
    ';;begin',
    '-- a\n/* b /* c */ */abort',
    'prepare transaction $$x$$',
  ]
  const undone = memory.transaction(async tx => {
    await tx.store('undone', 1)
    for (const text of texts) await expect(tx.execute(text), text).rejects.toMatchObject(refused)
    await tx.execute('set local search_path = pg_catalog')
    throw new Error('undo')
  })
  await expect(undone).rejects.toThrow('undo')
  for (const text of texts) await expect(memory.execute(text), text).rejects.toMatchObject(refused)
  expect(await memory.retrieve('undone')).toBeUndefined()
  await memory.execute('/* to begin with */ select 1')
})

it('of the owner who has changed a session reaches nobody else', async () => {
  const { memory } = await prepare()
  for (const text of [
    'deallocate all',
    'set search_path = pg_catalog',
    'create temp table memory_store (a int)',
  ]) {
    await memory.execute(text)
    expect(await memory.retrieve('kept'), text).toBe('by its owner')
    await memory.transaction(async tx => {
      await tx.retrieve('kept')
      await tx.execute('deallocate all')
      expect(await tx.retrieve('kept')).toBe('by its owner')
    })
  }
})
