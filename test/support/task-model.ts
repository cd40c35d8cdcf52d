import { type Priority, priorities } from '../../src/tasks/claim-order.ts'
import type { OnFailure } from '../../src/tasks/dependencies.ts'
import type { TaskStatus } from '../../src/tasks/task.ts'
import type { TestClock } from './clock.ts'

const hourMicros = 3_600_000_000
const bad: TaskStatus[] = ['failed', 'dead', 'cancelled']

export interface ModelTask {
  id: string
  status: TaskStatus
  priority: Priority
  requires: string | undefined
  parents: { id: string; onFailure: OnFailure }[]
  /** The parents that have not ended since they were last begun. */
  open: Set<string>
  maxAttempts: number
  attempts: number
  token: number
  leaseUntil: number
  leaseBoot: string
  /** Its last claim has lapsed, and nobody has had it since. */
  hasLapsed: boolean
  /** Undefined until the time of a delayed task has come. */
  rank: number | undefined
  runAtMs: number | undefined
  causedBy: string | undefined
}

/** What tasks promise, in memory and without a store: slow, plain, and written apart from what it is held against. */
export class TaskModel {
  readonly tasks = new Map<string, ModelTask>()
  readonly #clock: TestClock
  /** No token up to it is issued any more. */
  #floor: number
  #lastMicros = 0

  constructor(clock: TestClock, floor: number) {
    this.#clock = clock
    this.#floor = floor
  }

  create(
    batch: (Pick<ModelTask, 'id' | 'priority' | 'requires' | 'parents' | 'maxAttempts'> & {
      delayMs?: number | undefined
    })[],
  ): void {
    for (const { delayMs, ...task } of batch) {
      this.tasks.set(task.id, {
        ...task,
        status: 'pending',
        open: new Set(task.parents.map(parent => parent.id)),
        attempts: 0,
        token: 0,
        leaseUntil: 0,
        leaseBoot: '',
        hasLapsed: false,
        rank: delayMs === undefined ? this.#rank(task.priority) : undefined,
        runAtMs: delayMs === undefined ? undefined : this.#clock.now() + delayMs,
        causedBy: undefined,
      })
    }
    const parents = new Set(batch.flatMap(task => task.parents.map(parent => parent.id)))
    this.#settle([...parents].map(id => this.task(id)).filter(parent => isFinal(parent.status)))
  }

  /** A call that creates nothing has yet read the clock, which decides how a clock that jumps back is followed. */
  createNothing(delayMs: number | undefined): void {
    if (delayMs === undefined) this.#rank('low')
  }

  /** Brings the queue up to date and returns what may be claimed, in order. */
  ready(capabilities: readonly string[]): ModelTask[] {
    const lapsed = [...this.tasks.values()].filter(task => task.status === 'running' && !this.isLeased(task))
    for (const task of lapsed.sort(byRank)) {
      task.status = task.attempts >= task.maxAttempts ? 'dead' : 'pending'
      task.hasLapsed = true
      if (task.status === 'dead') this.#settle([task])
    }
    for (const task of this.tasks.values()) {
      const { status, rank, runAtMs } = task
      if (status !== 'pending' || rank !== undefined || runAtMs === undefined || runAtMs > this.#clock.now())
        continue
      task.rank = runAtMs * 1000 - priorities.indexOf(task.priority) * hourMicros
    }
    const isReady = (task: ModelTask) =>
      task.status === 'pending' &&
      task.open.size === 0 &&
      task.rank !== undefined &&
      (task.requires === undefined || capabilities.includes(task.requires))
    return [...this.tasks.values()].filter(isReady).sort(byRank)
  }

  isLeased(task: ModelTask): boolean {
    return task.leaseBoot === this.#clock.bootId && task.leaseUntil > this.#clock.monotonicMs()
  }

  claim(id: string, leaseMs: number): void {
    const task = this.task(id)
    task.status = 'running'
    task.token = Math.max(task.token, this.#floor) + 1
    task.attempts++
    task.hasLapsed = false
    this.renew(task, leaseMs)
  }

  renew(task: ModelTask, leaseMs: number): void {
    task.leaseUntil = this.#clock.monotonicMs() + leaseMs
    task.leaseBoot = this.#clock.bootId
  }

  complete(task: ModelTask): void {
    this.completeMany([task])
  }

  /** Late holders come last, and bring a task that died of their lapse back to life. */
  completeMany(tasks: readonly ModelTask[]): void {
    const late = tasks.filter(task => task.status !== 'running')
    this.#complete(tasks.filter(task => task.status === 'running'))
    for (const task of late.filter(({ status }) => status === 'dead')) {
      const { attempts } = task
      this.redrive(task.id)
      Object.assign(task, { attempts })
    }
    this.#complete(late)
  }

  /** How readers see a task. */
  statusOf(task: ModelTask): TaskStatus {
    return task.status === 'running' && !this.isLeased(task) ? 'lapsed' : task.status
  }

  /** @param runAtMs when the store will try again, which is random */
  fail(task: ModelTask, retry: boolean, runAtMs: number | undefined): void {
    task.status = retry ? (task.attempts < task.maxAttempts ? 'pending' : 'dead') : 'failed'
    if (task.status === 'pending') Object.assign(task, { rank: undefined, runAtMs })
    else this.#settle([task])
  }

  release(task: ModelTask): void {
    task.status = 'pending'
    task.attempts--
  }

  cancel(id: string): string[] | string {
    const task = this.task(id)
    if (task.status === 'cancelled') return []
    if (isFinal(task.status)) return 'conflict'
    task.status = 'cancelled'
    return [id, ...this.#settle([task]).map(other => other.id)]
  }

  redrive(id: string): string[] | string {
    const task = this.task(id)
    if (!bad.includes(task.status) || this.#hasBadParent(task)) return 'conflict'
    this.#revive(task)
    const revived = [task]
    for (const parent of revived) {
      for (const child of this.#childrenOf(parent).sort(byId)) {
        if (child.causedBy === undefined || !bad.includes(child.status) || this.#hasBadParent(child)) continue
        this.#revive(child)
        revived.push(child)
      }
    }
    return revived.map(each => each.id)
  }

  delete(id: string): boolean | string {
    const task = this.task(id)
    const waiting = this.#childrenOf(task).filter(child => child.status === 'pending' && child.open.has(id))
    if (this.statusOf(task) === 'running' || waiting.length > 0) return 'conflict'
    this.tasks.delete(id)
    this.#floor = Math.max(this.#floor, task.token)
    for (const child of this.#childrenOf(task))
      child.parents = child.parents.filter(parent => parent.id !== id)
    return true
  }

  task(id: string): ModelTask {
    const task = this.tasks.get(id)
    if (task === undefined) throw new Error(`the model has no task ${id}`)
    return task
  }

  #complete(tasks: ModelTask[]): void {
    for (const task of tasks) task.status = 'completed'
    this.#settle(tasks)
  }

  #rank(priority: Priority): number {
    const now = this.#clock.now() * 1000
    const last = this.#lastMicros
    this.#lastMicros = last >= now && last - now < 1_000_000 ? last + 1 : now
    return this.#lastMicros - priorities.indexOf(priority) * hourMicros
  }

  #settle(ended: ModelTask[]): ModelTask[] {
    const all: ModelTask[] = []
    for (let wave = ended; wave.length > 0; all.push(...wave)) wave = this.#settleWave(wave)
    return all
  }

  #settleWave(wave: ModelTask[]): ModelTask[] {
    const doomed: { child: ModelTask; status: 'failed' | 'cancelled'; by: string }[] = []
    for (const parent of wave) {
      for (const child of this.#childrenOf(parent)) {
        if (!child.open.delete(parent.id)) continue
        const { onFailure } = child.parents.find(edge => edge.id === parent.id)!
        if (parent.status === 'completed' || onFailure === 'ignore') continue
        const status = onFailure === 'fail' && parent.status !== 'cancelled' ? 'failed' : 'cancelled'
        doomed.push({ child, status, by: parent.id })
      }
    }
    const ended = new Set<ModelTask>()
    for (const status of ['failed', 'cancelled'] as const) {
      for (const { child, by } of doomed.filter(one => one.status === status)) {
        if (child.status !== 'pending') continue
        Object.assign(child, { status, causedBy: by })
        ended.add(child)
      }
    }
    return [...ended]
  }

  #revive(task: ModelTask): void {
    Object.assign(task, { status: 'pending', attempts: 0, causedBy: undefined, runAtMs: undefined })
    task.hasLapsed = false
    task.rank = this.#rank(task.priority)
    task.open = new Set(task.parents.filter(({ id }) => !isFinal(this.task(id).status)).map(({ id }) => id))
  }

  #hasBadParent(task: ModelTask): boolean {
    return task.parents.some(
      ({ id, onFailure }) => onFailure !== 'ignore' && bad.includes(this.task(id).status),
    )
  }

  #childrenOf(parent: ModelTask): ModelTask[] {
    return [...this.tasks.values()].filter(task => task.parents.some(({ id }) => id === parent.id))
  }
}

export function isFinal(status: TaskStatus): boolean {
  return status === 'completed' || bad.includes(status)
}

function byId(a: ModelTask, b: ModelTask): number {
  return a.id < b.id ? -1 : 1
}

/** Unranked ones first, as lapsed tasks never are. */
function byRank(a: ModelTask, b: ModelTask): number {
  return (a.rank ?? 0) - (b.rank ?? 0) || byId(a, b)
}
