import { expect, onTestFinished, test } from 'vitest'
import { Background } from '../../src/maintenance/background.ts'
import { type Child, startChild } from '../support/child.ts'
import { TestClock } from '../support/clock.ts'
import { openScratch, scratchFile } from '../support/memory.ts'
import { fail, openUpkeep } from '../support/upkeep.ts'

const slow = { timeout: 60_000 }

test('only the holder of the lease does the upkeep, until it ends', async () => {
  const file = scratchFile()
  const clock = new TestClock()
  const start = async () => {
    const upkeep = await openUpkeep(file, clock)
    const background = new Background(upkeep, { intervalMs: 10, onError: fail })
    onTestFinished(() => background.stop().then(upkeep.release))
    const rounds = () => upkeep.meter.statements().find(({ query }) => query.includes('as held'))?.count ?? 0
    const untilRounds = (more: number) => {
      const wanted = rounds() + more
      return expect.poll(rounds, slow).toBeGreaterThanOrEqual(wanted)
    }
    return { background, untilRounds }
  }
  const first = await start()
  await expect.poll(() => first.background.leads, slow).toBe(true)
  const second = await start()
  await second.untilRounds(5)
  expect(second.background.leads).toBe(false)
  expect(first.background.leads).toBe(true)
  await first.background.stop()
  await expect.poll(() => second.background.leads, slow).toBe(true)
})

test('when the process that does the upkeep is killed or ends, another one does it', async () => {
  const file = scratchFile()
  const memory = await openScratch({}, file)
  const children = Array.from({ length: 3 }, () => startChild('upkeep', file))
  const leading = () => children.filter(({ lines }) => lines.at(-1) === 'leads')
  const oneLeads = () => expect.poll(() => leading().length, slow).toBe(1)
  await oneLeads()
  for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
    const [leader] = leading() as [Child]
    children.splice(children.indexOf(leader), 1)
    leader.process.kill(signal)
    await leader.exited
    await oneLeads()
  }
  await memory.store('short', 1, { ttl: 0.001 })
  await expect.poll(() => memory.query('select key from memory_store'), slow).toEqual([])
  const lease = await memory.shared.grantLease({ ttlMs: 1000 })
  await memory.shared.update('bound', 1, { lease: lease.id })
  await expect.poll(() => memory.query('select key from shared_state'), slow).toEqual([])
  await expect.poll(() => memory.query('select id from hivewax_find_changes'), slow).toEqual([])
  const done = "select name from hivewax_upkeep where name = 'optimize' and done_at is not null"
  await expect.poll(() => memory.query(done), slow).toHaveLength(1)
})

test('a bulk load is indexed soon, by a process that need not have loaded it, and few changes within an interval', async () => {
  const file = scratchFile()
  const memory = await openScratch({}, file)
  const upkeep = await openUpkeep(file, new TestClock())
  const start = (intervalMs: number) => {
    const background = new Background(upkeep, { intervalMs, onError: fail })
    return () => background.stop()
  }
  const pending = () => memory.query('select id from hivewax_find_changes')
  const many = Array.from({ length: 600 }, (_, i) => ({ key: `k${i}`, value: i }))
  const stopSlow = start(3_600_000)
  await memory.kv.storeMany(many)
  await expect.poll(pending, slow).toEqual([])
  await memory.store('one', 'more')
  expect(await pending()).toHaveLength(1)
  await stopSlow()
  const stopQuick = start(50)
  await expect.poll(pending, slow).toEqual([])
  await stopQuick()
  await upkeep.release()
})

test('a process with an open store ends by itself', async () => {
  const file = scratchFile()
  expect(await startChild('leave-open', file).exited).toBe(0)
  expect(await (await openScratch({}, file)).retrieve('k')).toBe(1)
})
