import type { ClaimedTask, Job, Memory } from '../../src/index.ts'
import { join, ownName, runAgent } from './agent.ts'
import { type Claim, consensusPrefix, leaseMs, queue, remembered, reportQueue, type Work } from './swarm.ts'
import { linkFiles } from './worker/link.ts'
import { type HalfWay, measureFiles } from './worker/measure.ts'
import { report } from './worker/report.ts'
import { vote } from './worker/vote.ts'

/**
 * A worker: does tasks, and votes when the planner asks, until the run has ended. Started as
 * `worker.ts SINCE [--pause]`, with the id of the last event before the run.
 */
await runAgent(async (memory, stop) => {
  const [since, pause] = process.argv.slice(2)
  using _alive = await join(memory, 'worker')
  const finished = new AbortController()
  const handler = (task: ClaimedTask, job: Job) =>
    perform(memory, task, done =>
      pause === '--pause' ? pauseForGood(memory, task, done, job) : Promise.resolve(),
    )
  await Promise.all([
    memory.tasks.work(handler, {
      queues: [queue, reportQueue],
      leaseMs,
      drainMs: 500,
      signal: AbortSignal.any([stop, finished.signal]),
    }),
    voteWhenAsked(memory, Number(since), stop).finally(() => finished.abort()),
  ])
})

/** Does a task. Each kind of work ends with one transaction that stores what was found and completes the task. */
async function perform(memory: Memory, task: ClaimedTask, halfWay: HalfWay): Promise<void> {
  const work = remembered<Work>(task.payload)
  const startMs = performance.now()
  if (work.kind === 'measure') await measureFiles(memory, task, work, halfWay)
  else if (work.kind === 'link') await linkFiles(memory, task)
  else await report(memory, task, work.report)
  await memory.metrics.record('task_ms', performance.now() - startMs, { kind: work.kind })
}

/** Returns when the run has ended. */
async function voteWhenAsked(memory: Memory, since: number, signal: AbortSignal): Promise<void> {
  const types = ['consensus.proposed', 'swarm.finished']
  for await (const { type, data } of memory.events.subscribe({ types, since, signal })) {
    if (type === 'swarm.finished') return
    const { key } = remembered<{ key: string }>(data)
    if (key.startsWith(consensusPrefix)) await vote(memory, ownName(), key)
  }
}

/** Says how far it has got, and then comes to a halt with the task in its hands: for the one that is to be killed. */
async function pauseForGood(memory: Memory, task: ClaimedTask, done: number, { signal }: Job): Promise<void> {
  const { files = [] } = remembered<Partial<Extract<Work, { kind: 'measure' }>>>(task.payload)
  const { id: taskId, description, attempt, token } = task
  const claim: Claim = { taskId, description, attempt, token, done, files: files.length }
  await memory.logEvent('worker.paused', claim)
  if (!signal.aborted) await new Promise(resolve => signal.addEventListener('abort', resolve))
  signal.throwIfAborted()
}
