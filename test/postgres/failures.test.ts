import { expect, it, onTestFinished } from 'vitest'
import { createTasks, expectEachOnce, holdTask, startWorkers, untilCompleted } from '../support/batches.ts'
import { emptyUrl, openPostgresScratch, withClient } from '../support/postgres.ts'
import { startServer } from '../support/postgres-server.ts'

const count = 2_000

/** Breaks connections that name themselves so: at most `limit`, at random. Returns how many. */
async function terminate(name: string, limit: number): Promise<number> {
  const { rowCount } = await withClient(client =>
    client.query(
      `select pg_terminate_backend(pid) from
         (select pid from pg_stat_activity where application_name = $1 order by random() limit $2) as victims`,
      [name, limit],
    ),
  )
  return rowCount ?? 0
}

it('loses no result that was acknowledged when the server crashes and comes back, and work goes on by itself', async () => {
  const server = startServer()
  onTestFinished(() => server.stop())
  const memory = await openPostgresScratch({ busyTimeoutMs: 30_000 }, server.url)
  await createTasks(memory, count)
  const workers = startWorkers(server.url, 1_000)
  for (const part of [0.2, 0.5, 0.8]) {
    await untilCompleted(memory, count * part)
    await server.crash()
    server.start()
  }
  const unknown = await expectEachOnce(memory, workers, count)
  console.info(`the outcome of ${unknown} commits was unknown`)
})

it('loses no result that was acknowledged when connections break at random', async () => {
  const name = `workers-${process.pid}`
  const url = await emptyUrl()
  const memory = await openPostgresScratch({}, url)
  await createTasks(memory, 1)
  const release = await holdTask(memory)
  const workers = startWorkers(`${url}&application_name=${name}`, 1_000)
  let created = 1
  let broken = 0
  // Portion by portion, so that work goes on until enough are broken, however fast it is done.
  while (created < count || broken <= 20) {
    await createTasks(memory, 200, created)
    await untilCompleted(memory, created + 25)
    created += 200
    broken += await terminate(name, 3)
  }
  await release()
  const unknown = await expectEachOnce(memory, workers, created)
  console.info(`${broken} connections were broken; the outcome of ${unknown} commits was unknown`)
  expect(broken).toBeGreaterThan(10)
})

it('runs reads and transactions of its own again when their connection breaks', async () => {
  const name = `again-${process.pid}`
  const url = `${await emptyUrl()}&application_name=${name}`
  const memory = await openPostgresScratch({ busyTimeoutMs: 30_000 }, url)
  await memory.store('key', 'value')
  let broken = 0
  let reads = 0
  const read = async () => {
    while (broken <= 20) {
      expect(await memory.retrieve('key')).toBe('value')
      expect(await memory.query('select 1 as one')).toEqual([{ one: 1 }])
      reads++
    }
  }
  let isOver = false
  const reading = read().finally(() => {
    isOver = true
  })
  // Each time once it goes on: were connections broken faster than they are made, nothing would come through.
  while (!isOver) {
    const before = reads
    broken += await terminate(name, 10)
    while (!isOver && reads < before + 5) await new Promise(resolve => setTimeout(resolve, 1))
  }
  await reading
  expect(broken).toBeGreaterThan(10)
})

it('tells the outcome of a transaction whose connection broke: nothing before its commit, unknown in it', async () => {
  const name = `outcome-${process.pid}`
  const memory = await openPostgresScratch({}, `${await emptyUrl()}&application_name=${name}`)
  let runs = 0
  const before = memory.transaction(async tx => {
    runs++
    await tx.store('before', 1)
    expect(await terminate(name, 10)).toBeGreaterThan(0)
    await tx.store('after', 1)
  })
  await expect(before).rejects.toMatchObject({ code: 'busy', details: { outcome: 'none' } })
  expect(runs).toBe(1)
  expect(await memory.search('*')).toEqual([])

  const during = memory.transaction(async tx => {
    await tx.store('during', 1)
    expect(await terminate(name, 10)).toBeGreaterThan(0)
  })
  await expect(during).rejects.toMatchObject({ code: 'busy', details: { outcome: 'unknown' } })
  expect(await memory.retrieve('during')).toBeUndefined()
})

it('passes on what a callback throws, and rolls back', async () => {
  const memory = await openPostgresScratch()
  const error = Object.assign(new Error('mine'), { code: 'ECONNREFUSED' })
  let runs = 0
  const failed = memory.transaction(async tx => {
    runs++
    await tx.store('key', 1)
    throw error
  })
  await expect(failed).rejects.toBe(error)
  expect(runs).toBe(1)
  expect(await memory.retrieve('key')).toBeUndefined()
})

it('lets many calls wait for the same connection', async () => {
  const memory = await openPostgresScratch({ maxConnections: 1 })
  const begun = Promise.withResolvers<void>()
  const end = Promise.withResolvers<void>()
  const held = memory.transaction(async () => {
    begun.resolve()
    await end.promise
  })
  await begun.promise
  const waiting = Array.from({ length: 200 }, (_, i) => memory.store(`key-${i}`, i))
  end.resolve()
  await held
  await Promise.all(waiting)
  expect(await memory.search('*', { limit: 1_000 })).toHaveLength(200)
})

it('hears of commits again after its connection to hear them broke', async () => {
  const name = `hears-${process.pid}`
  const url = await emptyUrl()
  const memory = await openPostgresScratch({}, `${url}&application_name=${name}`)
  const other = await openPostgresScratch({}, url)
  const events = memory.events.subscribe({ since: 0 })[Symbol.asyncIterator]()
  for (let i = 0; i < 5; i++) {
    const next = events.next()
    expect(await terminate(name, 10)).toBeGreaterThan(0)
    await other.logEvent('work', i)
    expect((await next).value).toMatchObject({ data: i })
  }
  await events.return()
})
