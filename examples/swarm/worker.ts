import { setTimeout as sleep } from 'node:timers/promises'
import type { ClaimedTask, Memory } from '../../src/index.ts'
import { ownName, runAgent } from './agent.ts'
import { type Claim, consensusPrefix, leaseMs, remembered, type Work } from './swarm.ts'
import { attempt } from './worker/attempt.ts'
import { vote } from './worker/vote.ts'

/**
 * A worker: claims tasks and does them, and votes when the planner asks, until the run has ended. Started as
 * `worker.ts SINCE [--pause]`, with the id of the last event before the run.
 */
await runAgent(async (memory, stop) => {
  const [since, pause] = process.argv.slice(2)
  const finished = new AbortController()
  const signal = AbortSignal.any([stop, finished.signal])
  await Promise.all([
    claimAndDo(memory, signal, pause === '--pause'),
    voteWhenAsked(memory, Number(since), signal).finally(() => finished.abort()),
  ])
})

/** Claims tasks, one at a time, and does them. */
async function claimAndDo(memory: Memory, signal: AbortSignal, pauses: boolean): Promise<void> {
  while (!signal.aborted) {
    const [task] = await memory.tasks.claim({ leaseMs })
    if (task === undefined) await sleep(50)
    else
      await attempt(memory, task, async done =>
        pauses ? pauseForGood(memory, task, done, signal) : undefined,
      )
  }
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
async function pauseForGood(
  memory: Memory,
  task: ClaimedTask,
  done: number,
  signal: AbortSignal,
): Promise<void> {
  const { files = [] } = remembered<Partial<Extract<Work, { kind: 'measure' }>>>(task.payload)
  const { id: taskId, description, attempt, token } = task
  const claim: Claim = { taskId, description, attempt, token, done, files: files.length }
  await memory.logEvent('worker.paused', claim)
  await new Promise(resolve => signal.addEventListener('abort', resolve))
  signal.throwIfAborted()
}
