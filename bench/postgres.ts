import { makeWorkerUtils } from 'graphile-worker'
import pg from 'pg'
import type { Memory } from '../src/memory.ts'
import { openMemory } from '../src/open.ts'
import { startServer } from '../test/support/postgres-server.ts'
import { type Comparison, parameter, type Size, summary } from './harness.ts'
import { openBoss, quietLogger, timed, type Work, workBoss, workGraphile } from './queues.ts'

/** PostgreSQL: tasks against pg-boss and graphile-worker, and events, all on one server with its own defaults. */
export async function run(size: Size): Promise<Comparison[]> {
  const server = process.env.HIVEWAX_TEST_PG_URL ? undefined : startServer({ durable: true })
  const bench = new Bench(size, await createDatabase(server?.url ?? process.env.HIVEWAX_TEST_PG_URL ?? ''))
  try {
    return [await oneByOne(bench), await inBatches(bench), await enqueued(bench), await appended(bench)]
  } finally {
    await bench.close()
    await server?.stop()
  }
}

/** Connections of each contender: as many as loops. */
const connections = 16

/** A contender of a comparison; `work` does `perRound` operations. */
interface Contender {
  name: string
  work: Work
  perRound: number
}

async function oneByOne(bench: Bench): Promise<Comparison> {
  const single = parameter(bench.size, 10, 500)
  const many = parameter(bench.size, 32, 800)
  const boss = await bench.boss(bench.rounds * (single + many))
  const one = await bench.tasks('one', bench.rounds * single)
  const sixteen = await bench.tasks('sixteen', bench.rounds * many)
  const jobs = await bench.graphile(2 * bench.rounds * (single + many))
  return bench.compare('PostgreSQL: claim + complete a task, one by one', [
    { name: 'pg-boss', work: workBoss(boss, 1, 1), perRound: single },
    {
      name: 'graphile-worker',
      work: workGraphile(jobs, { concurrency: 1, batched: false }),
      perRound: single,
    },
    { name: 'hivewax', work: claimIn(one, 1, 1), perRound: single },
    { name: 'pg-boss, 16 loops at once', work: workBoss(boss, 16, 1), perRound: many },
    {
      name: 'graphile-worker, 16 at once',
      work: workGraphile(jobs, { concurrency: 16, batched: false }),
      perRound: many,
    },
    { name: 'hivewax, 16 loops at once', work: claimIn(sixteen, 16, 1), perRound: many },
  ])
}

async function inBatches(bench: Bench): Promise<Comparison> {
  const perRound = parameter(bench.size, 32, 5_000)
  const count = bench.rounds * perRound
  const boss = await bench.boss(count)
  const jobs = await bench.graphile(2 * count)
  const loops = await bench.tasks('loops', count)
  const batches = await bench.tasks('batches', count)
  const worker = await bench.tasks('worker', 2 * count)
  return bench.compare('PostgreSQL: claim + complete a task, in batches', [
    { name: 'pg-boss, 4 loops of 100', work: workBoss(boss, 4, 100), perRound },
    {
      name: 'graphile-worker, 24 at once, 500 ahead, completed in batches',
      work: workGraphile(jobs, { concurrency: 24, batched: true }),
      perRound,
    },
    { name: 'hivewax, 4 loops of 100', work: claimIn(loops, 4, 100), perRound },
    { name: 'hivewax, 2 loops of 500', work: claimIn(batches, 2, 500), perRound },
    { name: 'hivewax, its worker, 24 at once', work: workIn(worker, 24), perRound },
  ])
}

async function enqueued(bench: Bench): Promise<Comparison> {
  const single = parameter(bench.size, 5, 100)
  const bulk = parameter(bench.size, 20, 5_000)
  const boss = await bench.boss(0)
  const utils = await makeWorkerUtils({ connectionString: await bench.graphile(0), logger: quietLogger })
  const { tasks } = await bench.tasks('enqueued', 0)
  const list = (count: number) => Array.from({ length: count }, (_, i) => ({ i }))
  const comparison = await bench.compare('PostgreSQL: enqueue a task', [
    { name: 'pg-boss', work: each(1, data => boss.send('job', data)), perRound: single },
    { name: 'graphile-worker', work: each(1, data => utils.addJob('job', data)), perRound: single },
    { name: 'hivewax', work: each(1, data => tasks.create(newTask(data))), perRound: single },
    { name: 'pg-boss, 16 at once', work: each(16, data => boss.send('job', data)), perRound: 4 * single },
    {
      name: 'graphile-worker, 16 at once',
      work: each(16, data => utils.addJob('job', data)),
      perRound: 4 * single,
    },
    {
      name: 'hivewax, 16 at once',
      work: each(16, data => tasks.create(newTask(data))),
      perRound: 4 * single,
    },
    {
      name: 'pg-boss, 1,000 a call',
      work: inParts(count =>
        boss.insert(
          'job',
          list(count).map(data => ({ data })),
        ),
      ),
      perRound: bulk,
    },
    {
      name: 'graphile-worker, 1,000 a call',
      work: inParts(count => utils.addJobs(list(count).map(payload => ({ identifier: 'job', payload })))),
      perRound: bulk,
    },
    {
      name: 'hivewax, 1,000 a call',
      work: inParts(count => tasks.createMany(list(count).map(newTask))),
      perRound: bulk,
    },
  ])
  await utils.release()
  return comparison
}

/** No competitor: a plain table, whose ids are from a sequence and so in no order of commits. */
async function appended(bench: Bench): Promise<Comparison> {
  const single = parameter(bench.size, 5, 100)
  const bulk = parameter(bench.size, 20, 5_000)
  const { events } = await bench.tasks('events', 0)
  const pool = bench.pool
  await pool.query(
    'create table plain (id bigserial primary key, type text, source text, data text, timestamp timestamptz default now())',
  )
  const insert = {
    name: 'plain',
    text: 'insert into plain (type, source, data) values ($1, $2, $3) returning id',
  }
  const plain = (data: unknown) => pool.query({ ...insert, values: ['done', 'bench', JSON.stringify(data)] })
  const append = (data: { i: number }) => events.log({ type: 'done', source: 'bench', data })
  return bench.compare('PostgreSQL: append an event', [
    { name: 'an insert into a plain table', work: each(1, plain), perRound: single },
    { name: 'hivewax', work: each(1, append), perRound: single },
    { name: 'inserts into a plain table, 16 at once', work: each(16, plain), perRound: 4 * single },
    { name: 'hivewax, 16 at once', work: each(16, append), perRound: 4 * single },
    {
      name: 'hivewax, 1,000 a call',
      work: inParts(count =>
        events.logMany(
          Array.from({ length: count }, (_, i) => ({ type: 'done', source: 'bench', data: { i } })),
        ),
      ),
      perRound: bulk,
    },
  ])
}

/** Everything of one run: a database of its own, and what is open in it. */
class Bench {
  readonly size: Size
  readonly rounds: number
  readonly pool: pg.Pool
  readonly #url: string
  readonly #memories: Memory[] = []
  #boss: ReturnType<typeof openBoss> | undefined

  constructor(size: Size, url: string) {
    this.size = size
    this.rounds = parameter(size, 2, 6)
    this.#url = url
    this.pool = new pg.Pool({ connectionString: url, max: connections })
    this.pool.on('error', () => {})
  }

  /** hivewax in a schema of its own, with so many tasks. */
  async tasks(schema: string, count: number): Promise<Memory> {
    const memory = await openMemory(`${this.#url}&schema=${schema}`, {
      background: false,
      maxConnections: connections,
    })
    this.#memories.push(memory)
    for (const part of parts(count))
      await memory.tasks.createMany(Array.from({ length: part }, (_, i) => newTask({ i })))
    return memory
  }

  /** pg-boss with so many jobs more. */
  async boss(count: number): ReturnType<typeof openBoss> {
    this.#boss ??= openBoss(this.#url)
    const boss = await this.#boss
    for (const part of parts(count))
      await boss.insert(
        'job',
        Array.from({ length: part }, (_, i) => ({ data: { i } })),
      )
    return boss
  }

  /** The URL of graphile-worker's database, with so many jobs more. */
  async graphile(count: number): Promise<string> {
    const utils = await makeWorkerUtils({ connectionString: this.#url, logger: quietLogger })
    await utils.migrate()
    for (const part of parts(count))
      await utils.addJobs(Array.from({ length: part }, (_, i) => ({ identifier: 'job', payload: { i } })))
    await utils.release()
    return this.#url
  }

  /** Lets the contenders work in turn, a first round for warming up, so that a noisy moment meets all of them. */
  async compare(title: string, contenders: readonly Contender[]): Promise<Comparison> {
    await this.pool.query('vacuum analyze')
    const timesMs = contenders.map(() => [] as number[])
    for (let round = 0; round < this.rounds; round++) {
      for (const [i, { work, perRound }] of contenders.entries()) {
        const tookMs = await work(perRound)
        if (round > 0) timesMs[i]?.push(tookMs / perRound)
      }
    }
    return summary(
      title,
      contenders.map(({ name, perRound }, i) => ({ name, timesMs: timesMs[i] ?? [], perCall: perRound })),
    )
  }

  async close(): Promise<void> {
    await Promise.all(this.#memories.map(memory => memory.close()))
    await (await this.#boss)?.stop({ graceful: false })
    await this.pool.end()
  }
}

async function createDatabase(url: string): Promise<string> {
  const name = `bench_${process.pid}_${Date.now()}`
  const client = new pg.Client(url)
  await client.connect()
  await client.query(`create database ${name}`)
  await client.end()
  const created = new URL(url)
  created.pathname = `/${name}`
  return created.href
}

function newTask(payload: { i: number }) {
  return { description: `task ${payload.i}`, payload }
}

/** Claims and completes `limit` tasks at a time, in `width` loops at once. */
function claimIn({ tasks }: Memory, width: number, limit: number): Work {
  return count =>
    timed(async () => {
      let left = count
      const loop = async () => {
        while (left > 0) {
          const wanted = Math.min(left, limit)
          left -= wanted
          const claimed = await tasks.claim({ agentId: 'w', limit: wanted })
          if (claimed.length === 0) throw new Error('hivewax has no task left')
          const [first] = claimed
          if (first !== undefined && claimed.length === 1)
            await tasks.complete({ id: first.id, token: first.token })
          else await tasks.completeMany(claimed.map(({ id, token }) => ({ id, token })))
        }
      }
      await Promise.all(Array.from({ length: width }, loop))
    })
}

/** The worker, from the first task that it begins until it has ended. */
function workIn({ tasks }: Memory, concurrency: number): Work {
  return async count => {
    const stop = new AbortController()
    let begun = 0
    let startedAt = 0
    const job = (): void => {
      if (begun === 0) startedAt = performance.now()
      if (++begun === count) stop.abort()
    }
    const { completed } = await tasks.work(job, { agentId: 'w', concurrency, signal: stop.signal })
    return ((performance.now() - startedAt) / completed) * count
  }
}

function each(width: number, call: (data: { i: number }) => Promise<unknown>): Work {
  return count =>
    timed(async () => {
      let next = 0
      const loop = async () => {
        while (next < count) await call({ i: next++ })
      }
      await Promise.all(Array.from({ length: width }, loop))
    })
}

function inParts(call: (count: number) => Promise<unknown>): Work {
  return count =>
    timed(async () => {
      for (const part of parts(count)) await call(part)
    })
}

/** How many of each call, 1,000 at most. */
function parts(count: number): number[] {
  return Array.from({ length: Math.ceil(count / 1_000) }, (_, i) => Math.min(1_000, count - 1_000 * i))
}
