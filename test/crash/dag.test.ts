import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { Memory } from '../../src/memory.ts'
import { priorities } from '../../src/tasks/claim-order.ts'
import type { NewTask } from '../../src/tasks/new-task.ts'
import '../support/on-disk.ts'
import { type Child, startChild } from '../support/child.ts'
import { engines } from '../support/engines.ts'
import { scratchFolder } from '../support/memory.ts'
import { startRemote } from '../support/remote.ts'
import { seeded } from '../support/rounds.ts'

/** A worker takes ten times as long through a server, and meets as many kills and stops with fewer tasks. */
const taskCounts = { sqlite: 10_000, postgres: 2_000 }

const workerCount = 8
const leaseMs = 500

/** Kills and stops together: enough of both for every moment of a worker's life to be met, in a time to wait for. */
const disturbances = 40

type Random = () => number

/** Tasks with up to three parents each among the 2,000 before, so that the graph is wide, and many levels deep. */
function randomTasks(taskCount: number, random: Random): (NewTask & { id: string })[] {
  const below = (limit: number) => Math.floor(random() * limit)
  const idOf = (i: number) => `t${String(i).padStart(5, '0')}`
  return Array.from({ length: taskCount }, (_, i) => {
    const parents = Array.from({ length: i === 0 ? 0 : below(4) }, () => i - 1 - below(Math.min(i, 2_000)))
    return {
      id: idOf(i),
      description: `task ${i}`,
      dependencies: [...new Set(parents)].map(idOf),
      priority: random() < 0.3 ? priorities[below(priorities.length)] : undefined,
      // As many as there can be kills and stops: a bad worker must not use up a good task's attempts.
      maxAttempts: 1_000,
    }
  })
}

interface Worker {
  name: string
  child: Child
  isStopped: boolean
}

/** Worker processes that are killed, replaced, stopped past their leases, and woken, at random. */
class Workers {
  readonly killed = new Set<string>()
  stops = 0
  readonly #start: (name: string) => Child
  readonly #random: Random
  #names = 0
  #running: Worker[] = []

  constructor(random: Random, start: (name: string) => Child) {
    this.#random = random
    this.#start = start
    while (this.#running.length < workerCount) this.#add()
  }

  disturb(): void {
    if (this.killed.size + this.stops === disturbances) return
    const worker = this.#running[Math.floor(this.#random() * this.#running.length)]
    if (worker === undefined || worker.child.process.exitCode !== null) return
    if (this.#random() < 0.45) this.#kill(worker)
    else if (this.#running.filter(other => other.isStopped).length < 2) void this.#stop(worker)
  }

  /** Exit codes of those that nobody killed. */
  async end(): Promise<(number | null)[]> {
    for (const { child } of this.#running) child.process.kill('SIGCONT')
    return Promise.all(this.#running.map(worker => worker.child.exited))
  }

  #add(): void {
    const name = `w${this.#names++}`
    this.#running.push({ name, child: this.#start(name), isStopped: false })
  }

  #kill(worker: Worker): void {
    worker.child.process.kill('SIGKILL')
    this.killed.add(worker.name)
    this.#running = this.#running.filter(other => other !== worker)
    this.#add()
  }

  async #stop(worker: Worker): Promise<void> {
    if (worker.isStopped) return
    worker.isStopped = true
    this.stops++
    worker.child.process.kill('SIGSTOP')
    await sleep(leaseMs * (1.1 + this.#random() / 2))
    worker.child.process.kill('SIGCONT')
    worker.isStopped = false
  }
}

/** A line of a worker's log, or what the store says of a task's end. */
interface Line {
  by: string
  word: string
  id: string
  token: number
}

function readLogs(folder: string): Line[] {
  return fs.readdirSync(folder).flatMap(name => {
    // A kill may cut the last line short.
    const lines = fs.readFileSync(path.join(folder, name), 'utf8').split('\n').slice(0, -1)
    return lines.map(line => {
      const [word = '', id = '', token] = line.split(' ')
      return { by: name, word, id, token: Number(token) }
    })
  })
}

interface Told {
  eventId: number
  source: string
  token: number | undefined
}

/** What the event log tells of each task, in order. */
async function eventsOf(memory: Memory, type: string): Promise<Map<string, Told[]>> {
  const rows = await memory.query(`select id, source, data from events where type = '${type}' order by id`)
  const told = rows.map(({ id, source, data }) => {
    const { taskId, token } = JSON.parse(String(data)) as { taskId: string; token?: number }
    return { taskId, eventId: Number(id), source: String(source), token }
  })
  return Map.groupBy(told, event => event.taskId)
}

/** Who completed each task, as the store has it: the result says so. */
async function winners(memory: Memory): Promise<Map<string, { by: string; token: number }>> {
  const rows = await memory.query("select id, result from tasks where status = 'completed'")
  return new Map(rows.map(row => [String(row.id), JSON.parse(String(row.result))]))
}

describe.each(engines)('$name', ({ name, empty, open }) => {
  const taskCount = taskCounts[name]

  it('completes the tasks of a large random graph, each once and in order, through kills and stops of 8 workers', async () => {
    const random = seeded()
    const tasks = randomTasks(taskCount, random)
    const logs = scratchFolder()
    const location = await empty()
    const memory = await open({ durability: 'normal', busyTimeoutMs: 60_000 }, location)
    await memory.tasks.createMany(tasks)
    const zombie = startRemote(location, 'zombie')
    const stale: { id: string; token: number }[] = await zombie.call('tasks.claim', { limit: 20, leaseMs })
    zombie.child.process.kill('SIGSTOP')

    const start = (name: string) => startChild('dag-work', location, name, path.join(logs, name), leaseMs)
    const workers = new Workers(random, start)
    for (let done = 0; done < taskCount; done = (await memory.tasks.counts()).completed) {
      await sleep(50 + random() * 200)
      workers.disturb()
    }
    const exitCodes = await workers.end()
    zombie.child.process.kill('SIGCONT')
    const reports = stale.map(({ id, token }) => ({ id, token, result: { by: 'zombie', token } }))
    const late = await zombie.call('tasks.completeMany', reports)
    expect(exitCodes).toEqual(exitCodes.map(() => 0))
    expect(late).toMatchObject({ held: [], stale: stale.map(({ id }) => ({ id, status: 'completed' })) })

    const lines = readLogs(logs)
    const of = (word: string) => lines.filter(line => line.word === word)
    const wins = await winners(memory)
    const isWin = ({ id, by, token }: Line) => wins.get(id)?.by === by && wins.get(id)?.token === token
    console.info(
      `${workers.killed.size} kills, ${workers.stops} stops, ${of('accepted').length} completions ` +
        `accepted by the logs, ${of('stale').length + stale.length} stale ones refused`,
    )

    // Every task came to its end, by one completion: the one that is in its worker's log. Only a process that was
    // killed between the commit and its log can have left none; it has noted before what it was about to do.
    expect(await memory.tasks.counts()).toMatchObject({
      completed: taskCount,
      pending: 0,
      running: 0,
      dead: 0,
    })
    expect(of('accepted').filter(line => !isWin(line))).toEqual([])
    expect(of('stale').filter(isWin)).toEqual([])
    expect(of('stale').length + stale.length).toBeGreaterThan(0)
    const accepted = Map.groupBy(of('accepted'), line => line.id)
    const unlogged = tasks.filter(({ id }) => accepted.get(id)?.length !== 1).map(({ id }) => id)
    expect(unlogged.filter(id => accepted.has(id))).toEqual([])
    const intents = Map.groupBy(of('intent').filter(isWin), line => line.id)
    expect(unlogged.filter(id => !workers.killed.has(intents.get(id)?.[0]?.by ?? ''))).toEqual([])
    expect(of('accepted')).toHaveLength(taskCount - unlogged.length)

    // The log of events says the same, and that nobody began a task before the last of its parents had ended.
    const claimed = await eventsOf(memory, 'task.claimed')
    const completed = await eventsOf(memory, 'task.completed')
    for (const { id, dependencies = [] } of tasks) {
      const [end, ...more] = completed.get(id) ?? []
      expect({ id, more, by: end?.source }).toEqual({ id, more: [], by: wins.get(id)?.by })
      const claims = claimed.get(id) ?? []
      expect({ id, token: claims.at(-1)?.token }).toEqual({ id, token: wins.get(id)?.token })
      expect(claims.every((claim, i) => i === 0 || claim.token! > claims[i - 1]!.token!)).toBe(true)
      const begun = claims[0]?.eventId ?? 0
      const early = dependencies.filter(parent => !(completed.get(parent as string)![0]!.eventId < begun))
      expect({ id, early }).toEqual({ id, early: [] })
    }
  }, 600_000)
})
