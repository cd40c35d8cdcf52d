import type { Memory } from '../src/memory.ts'
import { openMemory } from '../src/open.ts'
import { benchFolder, type Comparison, compare, parameter, type Size, summary } from './harness.ts'
import { defineWorker, openPlainjob, silentLogger } from './plainjob.ts'

/** Tasks: claims and completions against plainjob, claims against the length of the queue, and the death of workers. */
export async function run(size: Size): Promise<Comparison[]> {
  const folder = benchFolder()
  return [
    await throughput(size, folder),
    await durable(size, folder),
    await backlog(size, folder),
    await detection(size, folder),
  ]
}

/** How many rounds `compare` makes at most, the warm-up included. */
const rounds = 11

async function throughput(size: Size, folder: string): Promise<Comparison> {
  const perCall = parameter(size, 20, 2_000)
  // More than are counted: a worker claims some before it is told to end.
  const open = (name: string) => filled(`${folder}/${name}.db`, 2 * rounds * perCall, 'normal')
  const queue = openPlainjob(`${folder}/plainjob.db`)
  const ofWorker = openPlainjob(`${folder}/plainjob-worker.db`)
  for (const each of [queue, ofWorker])
    each.addMany(
      'job',
      Array.from({ length: rounds * perCall }, (_, i) => ({ i })),
    )
  const one = await open('one')
  const sixteen = await open('sixteen')
  const worker = await open('worker')
  const workers = await open('workers')
  const batches = await open('batches')
  const comparison = await compare(
    'claim + complete a task, one process, durability normal',
    [
      { name: 'plainjob, its calls, one by one', run: () => callPlainjob(queue, perCall), perCall },
      { name: 'plainjob, its worker', run: () => workPlainjob(ofWorker, perCall), perCall },
      { name: 'hivewax, its calls, one by one', run: () => claimEach(one, perCall), perCall },
      { name: 'hivewax, its calls in 16 loops at once', run: () => loops(sixteen, perCall, 16), perCall },
      { name: 'hivewax, its worker', run: () => work(worker, perCall, 1), perCall },
      {
        name: 'hivewax, its worker, 100 tasks at once',
        run: () => work(workers, perCall, Math.min(100, perCall)),
        perCall,
      },
      { name: 'hivewax, its calls in batches of 500', run: () => claimMany(batches, perCall, 500), perCall },
    ],
    rounds - 1,
  )
  queue.close()
  ofWorker.close()
  await Promise.all([one, sixteen, worker, workers, batches].map(memory => memory.close()))
  return comparison
}

async function durable(size: Size, folder: string): Promise<Comparison> {
  const perCall = parameter(size, 20, 1_000)
  const open = (name: string) => filled(`${folder}/${name}.db`, rounds * perCall, 'full')
  const memories = [await open('full-one'), await open('full-sixteen'), await open('full-batches')] as const
  const comparison = await compare(
    'claim + complete a task, one process, durability full',
    [
      { name: 'one by one', run: () => claimEach(memories[0], perCall), perCall },
      { name: '16 loops at once', run: () => loops(memories[1], perCall, 16), perCall },
      { name: 'batches of 500', run: () => claimMany(memories[2], perCall, 500), perCall },
    ],
    rounds - 1,
  )
  await Promise.all(memories.map(memory => memory.close()))
  return comparison
}

/** The cost of a claim must not grow with what waits. */
async function backlog(size: Size, folder: string): Promise<Comparison> {
  const lengths = size === 'small' ? [10, 100] : [1_000, 100_000, 1_000_000]
  const calls = parameter(size, 10, 500)
  const memories = await Promise.all(
    lengths.map(length => filled(`${folder}/${length}.db`, length, 'normal')),
  )
  const comparison = await compare(
    'claim one task',
    memories.map((memory, i) => ({
      name: `of ${lengths[i]?.toLocaleString('en')} ready`,
      run: () => claimOne(memory),
    })),
    calls,
  )
  await Promise.all(memories.map(memory => memory.close()))
  return comparison
}

/** From the end of a dead worker's lease to the moment at which another has its task. */
async function detection(size: Size, folder: string): Promise<Comparison> {
  const memory = await openMemory(`${folder}/dead.db`, { background: false, durability: 'normal' })
  const leaseMs = 100
  const timesMs: number[] = []
  let lapsesAt = 0
  const stop = new AbortController()
  const seen = (): void => {
    timesMs.push(performance.now() - lapsesAt)
  }
  const ended = memory.tasks.work(seen, { agentId: 'rescuer', signal: stop.signal, queues: ['rescue'] })
  for (let i = 0; i < parameter(size, 2, 50); i++) {
    await memory.transaction(async tx => {
      await tx.tasks.create({ description: 'left behind', queue: 'rescue' })
      lapsesAt = performance.now() + leaseMs
      await tx.tasks.claim({ agentId: 'dead', leaseMs, queues: ['rescue'] })
    })
    while (timesMs.length === i) await new Promise(resolve => setTimeout(resolve, 1))
  }
  stop.abort()
  await ended
  await memory.close()
  return summary(`a dead worker's task with another worker, after the end of its lease of ${leaseMs} ms`, [
    { name: 'waiting worker', timesMs },
  ])
}

async function filled(file: string, count: number, durability: 'full' | 'normal'): Promise<Memory> {
  const memory = await openMemory(file, { background: false, durability })
  for (let i = 0; i < count; i += 1_000) {
    await memory.tasks.createMany(
      Array.from({ length: Math.min(1_000, count - i) }, (_, j) => ({
        description: `task ${i + j}`,
        payload: { i: i + j },
      })),
    )
  }
  return memory
}

function callPlainjob(queue: ReturnType<typeof openPlainjob>, count: number): number {
  for (let i = 0; i < count; i++) {
    const job = queue.getAndMarkJobAsProcessing('job')
    if (job === undefined) return i
    queue.markJobAsDone(job.id)
  }
  return count
}

async function workPlainjob(queue: ReturnType<typeof openPlainjob>, count: number): Promise<number> {
  let done = 0
  const worker = defineWorker('job', () => {}, {
    queue,
    logger: silentLogger,
    onCompleted: () => {
      if (++done === count) worker.stop()
    },
  })
  await worker.start()
  return done
}

async function claimOne(memory: Memory): Promise<string | undefined> {
  return (await memory.tasks.claim({ agentId: 'w' }))[0]?.description
}

async function claimEach(memory: Memory, count: number): Promise<number> {
  for (let i = 0; i < count; i++) {
    const [task] = await memory.tasks.claim({ agentId: 'w' })
    if (task === undefined) return i
    await memory.tasks.complete({ id: task.id, token: task.token })
  }
  return count
}

async function loops(memory: Memory, count: number, width: number): Promise<number> {
  const each = Array.from({ length: width }, (_, i) =>
    claimEach(memory, Math.floor(count / width) + (i < count % width ? 1 : 0)),
  )
  return (await Promise.all(each)).reduce((sum, n) => sum + n, 0)
}

async function work(memory: Memory, count: number, concurrency: number): Promise<number> {
  const stop = new AbortController()
  let begun = 0
  const handler = (): void => {
    if (++begun === count) stop.abort()
  }
  const { completed } = await memory.tasks.work(handler, { agentId: 'w', concurrency, signal: stop.signal })
  return Math.min(completed, count)
}

async function claimMany(memory: Memory, count: number, limit: number): Promise<number> {
  let done = 0
  while (done < count) {
    const tasks = await memory.tasks.claim({ agentId: 'w', limit: Math.min(limit, count - done) })
    const { held } = await memory.tasks.completeMany(tasks.map(({ id, token }) => ({ id, token })))
    if (held.length === 0) return done
    done += held.length
  }
  return done
}
