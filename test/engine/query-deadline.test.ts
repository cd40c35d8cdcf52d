import { execFileSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { openScratch } from '../support/memory.ts'

const forEver =
  'with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) as count from n'

/** The processes that this one has started and that still run. */
function children(): string[] {
  const table = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,comm='], { encoding: 'utf8' })
  const rows = table.split('\n').map(line => line.trim().split(/\s+/))
  return rows
    .filter(([, parent, name]) => parent === String(process.pid) && name !== 'ps')
    .map(([pid = '']) => pid)
}

it('ends a statement at its deadline, and the process answers others meanwhile', async () => {
  const memory = await openScratch()
  await memory.store('a', 1)
  const before = children()
  const late = memory.query(forEver, [], { timeoutMs: 700 })
  const outcome = late.then(
    () => 'answered',
    error => error.code,
  )
  let answers = 0
  while ((await Promise.race([outcome, memory.retrieve('a')])) === 1) {
    answers++
    await new Promise(resolve => setImmediate(resolve))
  }
  expect(await outcome).toBe('deadline')
  expect(answers).toBeGreaterThan(10)
  await expect.poll(children).toEqual(before)
})

it('gives the rows that a statement without a deadline gives', async () => {
  const memory = await openScratch()
  await memory.store('a', { text: 'é' })
  const apart = { timeoutMs: 30_000 }
  const all = "select *, x'00ff' as bytes, 1.5 as number, null as none from memory_store where key = ?"
  expect(await memory.query(all, ['a'], apart)).toEqual(await memory.query(all, ['a']))
  expect(await memory.query('select 1 where 0', [], apart)).toEqual([])
})

it('refuses what could write, with the same errors', async () => {
  const memory = await openScratch()
  for (const text of ['delete from memory_store', 'selekt', 'select 1; select 2', '', "attach 'x' as y"]) {
    const apart = memory.query(text, [], { timeoutMs: 30_000 })
    const own = await memory.query(text).catch(error => error)
    await expect(apart).rejects.toMatchObject({ code: own.code, message: own.message })
  }
})

it('bounds what a statement may return', async () => {
  const memory = await openScratch()
  const apart = (text: string) => memory.query(text, [], { timeoutMs: 60_000 })
  const rows = 'with recursive n(i) as (select 1 union all select i + 1 from n)'
  await expect(apart(`${rows} select hex(zeroblob(100000)) from n`)).rejects.toMatchObject({
    code: 'too_large',
  })
  await expect(apart('select zeroblob(500000000)')).rejects.toMatchObject({ code: 'too_large' })
  await expect(apart(`${rows} select i from n`)).rejects.toMatchObject({ code: 'too_large' })
  expect(await apart(`${rows} select i from n limit 100000`)).toHaveLength(100_000)
})

it('lets a statement write no more of temporary files than it may', async () => {
  const memory = await openScratch()
  const rows = 'with recursive n(i) as (select 1 union all select i + 1 from n limit 6000)'
  const sort = `select sum(length(v)) from (${rows} select hex(randomblob(25000)) as v from n order by v limit -1 offset 0)`
  await expect(memory.query(sort, [], { timeoutMs: 60_000 })).rejects.toMatchObject({
    code: 'too_large',
    message: expect.stringContaining('no room for what the statement has to sort'),
  })
})

it('shows to others than the owner everything but who may call', async () => {
  const memory = await openScratch()
  const { id } = await memory.tokens.create({ principal: 'p', permissions: ['memory:read'] })
  const ask = (text: string, caller?: string) => memory.query(text, [], { timeoutMs: 30_000, caller })
  expect(await ask('select id from hivewax_tokens')).toEqual([{ id }])
  for (const text of ['select id from hivewax_tokens', 'select count(*) as n from hivewax_tokens'])
    await expect(ask(text, 'other')).rejects.toMatchObject({ code: 'invalid_input' })
  expect(await memory.query('select type from events', [], { caller: 'other' })).toEqual([
    { type: 'token.created' },
  ])
})

it('sees what was acknowledged before, also in a private store', async () => {
  const memory = await openScratch({}, ':memory:')
  await memory.store('a', 1)
  expect(await memory.query('select key from memory_store', [], { timeoutMs: 30_000 })).toEqual([
    { key: 'a' },
  ])
})
