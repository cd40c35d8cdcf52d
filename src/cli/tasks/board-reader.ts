import type { Memory } from '../../memory.ts'
import type { Task, TaskStatus } from '../../tasks/task.ts'
import { isObject, type Json } from '../../util/json.ts'
import type { Board, WaitingTask } from './board.ts'
import { toWaiting, type WaitingRow, waitingColumns } from './waiting.ts'

/** The conditions of waiting tasks, in the words of their indexes. */
const isReady = `status = 'pending' and open_dependencies = 0 and rank is not null`
const isBlocked = `status = 'pending' and open_dependencies > 0 and rank is not null`
const isDelayed = `status = 'pending' and rank is null`

/** Reads a board again and again. What it costs does not depend on how many tasks have ended. */
export class BoardReader {
  readonly #memory: Memory
  readonly #limit: number
  /** Tasks that have completed do not change. */
  #done: ReadonlyMap<string, Task> = new Map()

  /** @param limit how many tasks of a section to read */
  constructor(memory: Memory, limit: number) {
    this.#memory = memory
    this.#limit = limit
  }

  async read(): Promise<Board> {
    const { tasks, agents, url } = this.#memory
    const counts = await tasks.counts()
    const queues = (await tasks.queues({ limit: 1_000 })).items
    const ready = queues.reduce((sum, queue) => sum + queue.ready, 0)
    const alive = await agents.list({ alive: true, limit: this.#limit })
    return {
      at: new Date(),
      url,
      ready: { count: ready, tasks: await this.#ready() },
      waiting: { count: Math.max(0, counts.pending - ready), tasks: await this.#held() },
      running: { count: counts.running + counts.lapsed, tasks: await this.#running() },
      done: { count: counts.completed, tasks: await this.#completed() },
      failed: { count: counts.failed + counts.dead, tasks: await this.#failed() },
      cancelled: counts.cancelled,
      queues: queues.filter(queue => queue.maxRunning !== undefined),
      agents: { alive: alive.items.map(agent => agent.id), more: alive.cursor !== undefined },
    }
  }

  /** Those of the common lane, which an index has in the order of claims, and those of others. */
  async #ready(): Promise<WaitingTask[]> {
    const common = await this.#rows(`${isReady} and lane is null`, 'lane, rank, id')
    const others = await this.#rows(`${isReady} and lane is not null`, 'rank, id')
    const inOrder = [...common, ...others].sort((a, b) => Number(a.rank) - Number(b.rank))
    return inOrder.slice(0, this.#limit).map(toWaiting)
  }

  /** Those that wait for their time, the next first, but no more than half; then those that wait for others. */
  async #held(): Promise<WaitingTask[]> {
    const blocked = await this.#waiting(isBlocked, 'id')
    const delayed = await this.#waiting(isDelayed, 'run_at')
    const room = Math.max(this.#limit - blocked.length, Math.ceil(this.#limit / 2))
    return [...delayed.slice(0, room), ...blocked].slice(0, this.#limit)
  }

  async #waiting(condition: string, order: string): Promise<WaitingTask[]> {
    return (await this.#rows(condition, order)).map(toWaiting)
  }

  async #rows(condition: string, order: string): Promise<WaitingRow[]> {
    // A limit that must be computed leads PostgreSQL to an index that has the order, and not to a sort.
    const rows = await this.#memory.query(
      `select ${waitingColumns} from tasks where ${condition} order by ${order} limit (select ${this.#limit})`,
    )
    // They have the columns that were asked for.
    return rows as unknown as WaitingRow[]
  }

  async #running(): Promise<Task[]> {
    const lists = [await this.#list('lapsed'), await this.#list('running')]
    return lists
      .flatMap(list => list.items)
      .sort((a, b) => Number(a.claimedAt ?? 0) - Number(b.claimedAt ?? 0))
      .slice(0, this.#limit)
  }

  /** By the log, which has them in the order of their ends. */
  async #completed(): Promise<Task[]> {
    const ends = await this.#memory.events.list({
      types: ['task.completed'],
      order: 'desc',
      limit: this.#limit,
    })
    const ids = new Set(ends.items.flatMap(event => taskIdOf(event.data)))
    const done = new Map<string, Task>()
    for (const id of ids) {
      const task = this.#done.get(id) ?? (await this.#memory.tasks.get(id))
      if (task?.status === 'completed') done.set(id, task)
    }
    this.#done = done
    return [...done.values()]
  }

  async #failed(): Promise<Task[]> {
    const lists = [await this.#list('failed'), await this.#list('dead')]
    return lists
      .flatMap(list => list.items)
      .sort((a, b) => Number(b.completedAt ?? b.updatedAt) - Number(a.completedAt ?? a.updatedAt))
      .slice(0, this.#limit)
  }

  #list(status: TaskStatus) {
    return this.#memory.tasks.list({ status, order: 'desc', limit: this.#limit })
  }
}

function taskIdOf(data: Json | undefined): string[] {
  const id = data !== undefined && isObject(data) ? data.taskId : undefined
  return typeof id === 'string' ? [id] : []
}
