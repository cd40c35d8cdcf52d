import fs from 'node:fs'
import { expect, it } from 'vitest'
import { openScratch, scratchFile } from '../support/memory.ts'

const refusedByQuery = [
  "insert into events (type, source) values ('a', 'b')",
  "update memory_store set value = '2'",
  'delete from memory_store',
  "with x as (select 1) insert into events (type, source) values ('a', 'b')",
  'create table mine (a)',
  'create temp table mine (a)',
  'drop table events',
  'alter table events add column mine',
  'begin',
  'commit',
  'rollback',
  'savepoint s',
  "attach 'FILE' as other",
  'detach main',
  "vacuum into 'FILE'",
  'vacuum',
  'reindex',
  'analyze',
  'pragma journal_mode = delete',
  'pragma query_only = off',
  'pragma writable_schema = on',
  'pragma user_version = 5',
  'pragma synchronous = off',
  'pragma locking_mode = exclusive',
  'pragma wal_checkpoint(truncate)',
  'pragma optimize',
  "select load_extension('FILE')",
  "select writefile('FILE', 'x')",
  'select 1; delete from memory_store',
  'select 1; select 2',
  'selekt 1',
  '',
]

for (const statement of refusedByQuery) {
  it(`query refuses ${JSON.stringify(statement)} and changes nothing`, async () => {
    const memory = await openScratch()
    const target = scratchFile('left-behind')
    await memory.store('k', 1)
    const text = statement.replace('FILE', target)
    await expect(memory.query(text)).rejects.toMatchObject({ code: 'invalid_input' })
    const inside = memory.transaction(async tx => {
      await expect(tx.query(text)).rejects.toMatchObject({ code: 'invalid_input' })
      await tx.store('still', 'open')
    })
    await inside
    expect(fs.existsSync(target)).toBe(false)
    expect(await memory.query('select key, value from memory_store order by key')).toEqual([
      { key: 'k', value: '1' },
      { key: 'still', value: '"open"' },
    ])
  })
}

const allowedByQuery = [
  'select 1',
  'SELECT 1 ;  -- and a comment\n /* another */ ;',
  'with recursive n(i) as (select 1 union all select i + 1 from n where i < 3) select * from n',
  'values (1), (2)',
  'explain query plan select * from events',
  'pragma table_info(events)',
  'pragma index_list(events)',
  'pragma journal_mode',
  'pragma integrity_check',
  'pragma foreign_key_check',
  "select name from pragma_table_info('events')",
  "select json_extract('{\"a\":1}', '$.a')",
  "select datetime('now', '-1 day')",
]

for (const statement of allowedByQuery) {
  it(`query runs ${JSON.stringify(statement)}`, async () => {
    const memory = await openScratch()
    expect(await memory.query(statement)).toBeInstanceOf(Array)
  })
}

it('query binds parameters, and sees its own transaction and every acknowledged write', async () => {
  const memory = await openScratch()
  await memory.store('k', 'v')
  expect(await memory.query('select key from memory_store where value = ?', ['"v"'])).toEqual([{ key: 'k' }])
  await memory.transaction(async tx => {
    await tx.store('mine', 1)
    expect(await tx.query("select 1 as n from memory_store where key = 'mine'")).toEqual([{ n: 1 }])
  })
})

const refusedByExecute = [
  'begin',
  'commit',
  'savepoint s',
  "attach ':memory:' as other",
  'pragma synchronous = off',
  'pragma locking_mode = exclusive',
  'pragma journal_mode = delete',
  'pragma busy_timeout = 1000',
  'pragma query_only = on',
  'pragma user_version = 7',
  'pragma application_id = 7',
  "select 1; delete from memory_store where key = 'k'",
]

for (const statement of refusedByExecute) {
  it(`execute refuses ${JSON.stringify(statement)}`, async () => {
    const memory = await openScratch()
    await memory.store('k', 1)
    await expect(memory.execute(statement)).rejects.toMatchObject({ code: 'invalid_input' })
    expect(await memory.query('pragma journal_mode')).toEqual([{ journal_mode: 'wal' }])
    expect(await memory.retrieve('k')).toBe(1)
  })
}

it('execute writes, says how many rows it changed, and returns what was asked for', async () => {
  const memory = await openScratch()
  expect(await memory.execute('pragma journal_mode=WAL')).toEqual({
    rows: [{ journal_mode: 'wal' }],
    changes: 0,
  })
  const insert = "insert into events (type, source) values ('a', 'b'), ('c', 'd')"
  expect(await memory.execute(insert)).toEqual({ rows: [], changes: 2 })
  expect(await memory.execute('delete from events returning type')).toEqual({
    rows: [{ type: 'a' }, { type: 'c' }],
    changes: 2,
  })
  expect(await memory.execute('update events set type = ?', ['x'])).toEqual({ rows: [], changes: 0 })
})

it('keeps a record that the documented SQL inserted, with its defaults', async () => {
  const memory = await openScratch()
  await memory.execute("insert into memory_store (key, value) values ('by hand', 'plain text')")
  expect(await memory.kv.get('by hand')).toMatchObject({
    value: 'plain text',
    namespace: 'default',
    revision: 1,
  })
  expect(await memory.delete('by hand')).toBe(true)
})
