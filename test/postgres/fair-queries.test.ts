import { expect, it, vi } from 'vitest'
import { emptyUrl, openPostgresScratch, withClient } from '../support/postgres.ts'

it('lets nobody who asks for much keep the others waiting', async () => {
  const url = await emptyUrl()
  const memory = await openPostgresScratch({ reader: 'owner', busyTimeoutMs: 0 }, url)
  const greedy = Array.from({ length: 6 }, () =>
    memory.query('select pg_sleep(600)', [], { timeoutMs: 300_000, caller: 'greedy' }).catch(() => 'ended'),
  )
  await withClient(async client => {
    const sleepers = "from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'"
    const count = async () => (await client.query(`select pid ${sleepers}`)).rowCount ?? 0
    await vi.waitUntil(async () => (await count()) === 2, { timeout: 60_000 })
    const ask = (caller?: string) => memory.query('select 1 as one', [], { timeoutMs: 60_000, caller })
    const others = [undefined, 'second', 'third', 'fourth', undefined, undefined]
    expect(await Promise.all(others.map(ask))).toEqual(others.map(() => [{ one: 1 }]))
    expect(await count()).toBe(2)
    const areOver = Promise.all(greedy).then(() => true)
    const end = async () => {
      await client.query(`select pg_terminate_backend(pid) ${sleepers}`)
      return Promise.race([areOver, new Promise(resolve => setImmediate(resolve, false))])
    }
    await vi.waitUntil(end, { timeout: 60_000 })
  }, url)
})
