import { expect, it } from 'vitest'
import type { Transaction } from '../../src/transaction.ts'
import { startChild } from '../support/child.ts'
import { emptyUrl, openPostgresScratch } from '../support/postgres.ts'

const forever = 'select pg_sleep(600)'

async function setting(db: Pick<Transaction, 'query'>, name: string): Promise<unknown> {
  return (await db.query(`select current_setting('${name}') as value`))[0]?.value
}

it('gives a query the time of its call, or what the role is allowed, and each statement of a transaction its timeout', async () => {
  const url = await emptyUrl()
  const memory = await openPostgresScratch({}, url)
  expect(await setting(memory, 'statement_timeout')).toBe('0')
  await expect(memory.query(forever, [], { timeoutMs: 300 })).rejects.toMatchObject({
    code: 'deadline',
    message: expect.stringContaining('longer than 300 ms'),
  })
  const within = memory.transaction(tx => setting(tx, 'statement_timeout'), { timeoutMs: 5_000 })
  expect(await within).toBe('5s')
  const limited = await openPostgresScratch({}, `${url}&statement_timeout=4000`)
  expect(await setting(limited, 'statement_timeout')).toBe('4s')
  await expect(limited.query(forever)).rejects.toMatchObject({ code: 'deadline' })
  expect(await limited.query('select 1 as one')).toEqual([{ one: 1 }])
})

it('ends a transaction in time although the server is busy with a statement of it', async () => {
  const memory = await openPostgresScratch()
  const late = memory.transaction(
    async tx => {
      await tx.store('key', 1)
      await tx.query(forever)
    },
    { timeoutMs: 300 },
  )
  await expect(late).rejects.toMatchObject({ code: 'deadline' })
  expect(await memory.retrieve('key')).toBeUndefined()
})

it('lets a process that was stopped in a transaction hold up others for no longer than it may take', async () => {
  const url = await emptyUrl()
  const memory = await openPostgresScratch({ busyTimeoutMs: 60_000 }, url)
  expect(await setting(memory, 'idle_in_transaction_session_timeout')).toBe('10s')
  const child = startChild('hold', url, 4_000)
  await child.until(line => line === 'holding')
  await memory.store('held', 'by another')
  await memory.logEvent('after')
  child.process.kill('SIGCONT')
  await child.until(line => line.startsWith('refused '))
  expect(await child.exited).toBe(0)
  expect(await memory.retrieve('held')).toBe('by another')
  expect(await memory.events.count()).toBe(1)
})
