import type { Context } from '../context.ts'
import { oneLocked } from '../db/locked-records.ts'
import { theRow } from '../db/rows.ts'
import { sql } from '../db/sql.ts'
import { keepTallyUp } from '../db/tallies.ts'
import { checkInteger, checkList, checkName } from '../util/check.ts'
import { durationMs } from '../util/duration.ts'
import { decodeJson } from '../util/json.ts'
import { maxLimit, type Page, type PageOptions, pageLimit } from '../util/page.ts'
import { encodeError } from './attempts.ts'
import { type ClaimOptions, checkClaim } from './claim.ts'
import {
  assertHeld,
  type Completion,
  checkClaimKey,
  type Failure,
  type Heartbeat,
  maxClaims,
  renew,
  reportsOf,
} from './claim-reports.ts'
import { commentTask, listComments, type TaskComment } from './comments.ts'
import { countTasks } from './counts.ts'
import { deleteTask } from './delete-task.ts'
import { type ListTasksOptions, listTasks } from './list.ts'
import { longestDelayMs, type NewTask, prepareTask } from './new-task.ts'
import { checkTasks } from './option-names.ts'
import { type ClaimKey, cancelTask, endedClaims, failTask, refuseStale, type StaleClaim } from './outcome.ts'
import { type PruneTasksOptions, pruneTasks } from './prune-tasks.ts'
import { listQueues, setLimit, type TaskQueue } from './queue-limits.ts'
import { type RedriveOptions, redriveDead, redriveTask } from './redrive.ts'
import { deleteSchedule, listSchedules, type NewSchedule, putSchedule, type Schedule } from './schedule.ts'
import {
  type ClaimedTask,
  columnsNow,
  fromRow,
  type RenewedClaim,
  type Task,
  type TaskRow,
  type TaskState,
  type TaskStatus,
} from './task.ts'
import { type ClaimResults, type RenewedClaims, TaskCalls } from './task-calls.ts'
import { checkChanges, type TaskChanges } from './task-changes.ts'
import { type GraphOptions, readGraph, type TaskGraph } from './task-graph.ts'
import { updateTask } from './update-task.ts'
import { checkTerms, type TaskHandler, type WorkOptions, type WorkSummary } from './work-options.ts'

/** The work of the swarm: tasks that depend on each other, and are claimed, worked on and completed. */
export class Tasks {
  readonly #context: Context
  readonly #calls: TaskCalls

  constructor(context: Context) {
    this.#context = context
    this.#calls = new TaskCalls(context)
  }

  /** Creates a task. With an idempotency key that was used before, returns the task created then. */
  async create(task: NewTask): Promise<Task> {
    checkTasks.create(task)
    return theRow(await this.#create([task]))
  }

  /**
   * Creates tasks that may depend on each other, all of them or, when one is refused, none. Their dependencies
   * never change afterwards. Returns them in the order given.
   * @throws InvalidInput naming the circle, when tasks depend on each other in one; NotFound when one depends on a
   *   task that does not exist; Conflict when an id or an idempotency key was used for something else
   */
  async createMany(tasks: readonly NewTask[]): Promise<Task[]> {
    checkList('tasks', tasks, maxLimit)
    checkTasks.createMany(tasks)
    return this.#create(tasks)
  }

  /**
   * Claims ready tasks, the first in order, and returns none when there is nothing to do. A task is ready when it
   * is due and waits for no other, and again when the lease of its claim has lapsed. Higher priorities come first,
   * but age counts too: a task never waits for those created more than an hour later per level of priority.
   * Every claim counts as an attempt; a task whose last one lapses is dead.
   */
  async claim(options: ClaimOptions = {}): Promise<ClaimedTask[]> {
    checkTasks.claim(options)
    return this.#calls.claim(checkClaim(this.#context, options))
  }

  /**
   * Renews the lease of a claim: the task stays the holder's for `leaseMs` (default 30,000) from now.
   * @throws Conflict `stale_token` when the claim has ended: the work must stop
   */
  async heartbeat(heartbeat: Heartbeat & { leaseMs?: number | undefined }): Promise<RenewedClaim> {
    checkTasks.heartbeat(heartbeat)
    const { held, leaseUntil } = await renew(this.#context, [heartbeat], heartbeat.leaseMs)
    if (held.length === 0) return refuseStale(this.#context.db, heartbeat)
    return { id: heartbeat.id, status: 'running', leaseUntil }
  }

  /** Renews the leases of many claims in one statement. A stale one does not hinder the others. */
  async heartbeatMany(
    heartbeats: readonly Heartbeat[],
    options: { leaseMs?: number | undefined } = {},
  ): Promise<RenewedClaims> {
    checkTasks.heartbeatMany(options)
    checkTasks.heartbeat(heartbeats)
    return renew(this.#context, heartbeats, options.leaseMs)
  }

  /**
   * Completes a task with its result, and makes ready what waited for it, in one transaction.
   * @throws Conflict `stale_token` when the claim has ended: another worker has the task, or it was cancelled
   */
  async complete(completion: Completion): Promise<TaskState> {
    checkTasks.complete(completion)
    assertHeld(completion, await this.#calls.complete(reportsOf(this.#context, 'result', [completion])))
    return { id: completion.id, status: 'completed' }
  }

  /** Completes many tasks in one transaction. A stale claim does not hinder the others. */
  async completeMany(completions: readonly Completion[]): Promise<ClaimResults> {
    checkTasks.completeMany(completions)
    const reports = reportsOf(this.#context, 'result', completions)
    return reports.length === 0 ? { held: [], stale: [] } : this.#calls.complete(reports)
  }

  /** Those of the claims that have ended, with what became of their tasks. Reads only. */
  async stale(claims: readonly ClaimKey[]): Promise<StaleClaim[]> {
    checkList('claims', claims, maxClaims)
    checkTasks.stale(claims)
    return endedClaims(this.#context.db, claims.map(checkClaimKey))
  }

  /**
   * Works: claims tasks as they become ready, runs `handler` for each, and writes down how it ended, until `signal`
   * aborts. What the handler returns is the result, unless it has completed the task itself, in one transaction with
   * what it did; an error that it throws ends the attempt, {@link GiveUp} the task, and {@link TryLater} gives it
   * back for later. The leases are renewed in the background by one statement for all; when one cannot be, or the
   * task was cancelled, its handler's signal aborts, before another worker can have the task. Not for use inside a transaction.
   * @returns how the tasks ended, once the last handler has
   * @throws the error of the store that ended the work, after the same
   */
  async work(handler: TaskHandler, options: WorkOptions = {}): Promise<WorkSummary> {
    checkTasks.work(options)
    const claim = checkClaim(this.#context, options)
    const terms = checkTerms(options)
    const { Worker } = await import('./task-worker.ts')
    return new Worker(this.#context, this, { claim, terms, handler }).run()
  }

  /** Creates a task again and again, by a cron expression or an interval: the next claim then creates it. */
  async schedule(schedule: NewSchedule): Promise<Schedule> {
    checkTasks.schedule(schedule)
    checkTasks.create(schedule.task)
    return putSchedule(this.#context, schedule)
  }

  /** The schedules, by id. */
  async schedules(options: PageOptions = {}): Promise<Page<Schedule>> {
    checkTasks.schedules(options)
    return listSchedules(this.#context, options)
  }

  /** Deletes a schedule; the tasks that it has created stay. False when there was none. */
  unschedule(id: string): Promise<boolean> {
    return deleteSchedule(this.#context, id)
  }

  /**
   * Ends an attempt without success. The task waits for the next one, longer each time; after the last one it is
   * dead, with the errors of all; and with `retry: false` it has failed. What depends on a dead or failed task
   * goes the way that its edge says.
   * @throws Conflict `stale_token` when the claim has ended
   */
  async fail(failure: Failure): Promise<TaskState> {
    checkTasks.fail(failure)
    const text = encodeError(failure.error, this.#context.maxValueBytes)
    const claim = checkClaimKey(failure)
    const report = { ...claim, error: decodeJson(text), retry: failure.retry ?? true }
    return this.#transaction(async context => ({ id: claim.id, status: await failTask(context, report) }))
  }

  /**
   * Gives a task back unfinished, and the attempt does not count: it is for others to claim, at once and at its
   * former place, or `delayMs` milliseconds from now.
   * @throws Conflict `stale_token` when the claim has ended
   */
  async release(claim: ClaimKey & { delayMs?: number | undefined }): Promise<TaskState> {
    checkTasks.release(claim)
    const key = checkClaimKey(claim)
    const delayMs = checkInteger('delayMs', claim.delayMs ?? 0, 0)
    assertHeld(key, await this.#calls.release([{ ...key, delayMs: Math.min(delayMs, longestDelayMs) }]))
    return { id: key.id, status: 'pending' }
  }

  /**
   * Cancels a task that waits or runs, and all that depend on it, except by edges that ignore it. A worker of it
   * finds the token stale, with the status `cancelled`.
   * @returns the ids of the tasks that this cancelled; none when it was cancelled already
   */
  async cancel(id: string): Promise<string[]> {
    checkName('id', id)
    return this.#transaction(context => cancelTask(context, id))
  }

  /**
   * Makes a task that is dead, failed or cancelled wait to be claimed anew, with all its attempts before it, and
   * with it the tasks that ended because of it. Without an id: the dead tasks, up to `limit`, in order of id.
   * @returns the ids of all tasks that wait again
   */
  async redrive(which: string | RedriveOptions = {}): Promise<string[]> {
    if (typeof which === 'string') {
      checkName('id', which)
      return this.#transaction(context => redriveTask(context, which))
    }
    checkTasks.redrive(which)
    const limit = pageLimit(which.limit)
    return this.#transaction(context => redriveDead(context, limit))
  }

  /**
   * Changes what was asked for of a task; its age counts as before. A task that waits can change in every way. While
   * somebody has it, its queue, requirements, time and dependencies stay, for by these it was claimed; what else changes
   * its worker reads for itself. One that ended without success can be mended before it is redriven, but for its time, and
   * one that has completed keeps all but labels and parent. With nothing to change it does nothing.
   * @returns the task as it then is
   * @throws NotFound when it, or a task that it is to depend on or be part of, does not exist; Conflict when it stands
   *   otherwise than the change needs, has another revision than `expectedRevision`, or would wait for itself
   */
  async update(id: string, changes: TaskChanges): Promise<Task> {
    checkTasks.update(changes)
    checkName('id', id)
    const checked = checkChanges(this.#context, changes)
    return this.#transaction(context => updateTask(context, id, checked))
  }

  /** Writes a comment on a task, however it stands. Its author is whoever acts. */
  async comment(id: string, body: string): Promise<TaskComment> {
    checkName('id', id)
    return this.#transaction(context => commentTask(context, id, body))
  }

  /** What was said of a task, the oldest first. None for a task that there is not. */
  async comments(id: string, options: PageOptions = {}): Promise<Page<TaskComment>> {
    checkTasks.comments(options)
    return listComments(this.#context.db, id, options)
  }

  /** The task with this id, or undefined when there is none. */
  async get(id: string): Promise<Task | undefined> {
    const row = await oneLocked<TaskRow>(
      this.#context.db,
      { table: 'tasks', key: checkName('id', id) },
      sql`select ${columnsNow(this.#context.db.dialect)} from tasks where id = ${id}`,
    )
    return row === undefined ? undefined : fromRow({ ...row, id })
  }

  /** Tasks in order of id. Ids made by us rise with time. */
  async list(options: ListTasksOptions = {}): Promise<Page<Task>> {
    checkTasks.list(options)
    await this.#context.crossDomain.releaseLost(this.#context)
    return listTasks(this.#context.db, options)
  }

  /** How many tasks there are of each status. */
  async counts(): Promise<Record<TaskStatus, number>> {
    const { db, storeDb } = this.#context
    await this.#context.crossDomain.releaseLost(this.#context)
    await keepTallyUp(storeDb, 'tasks')
    return countTasks(db)
  }

  /**
   * Lets only so many tasks of a queue run at once, over all agents, exactly: 0 lets the queue rest, undefined
   * lifts the limit. What runs already goes on.
   */
  async setLimit(queue: string, maxRunning: number | undefined): Promise<void> {
    checkName('queue', queue)
    if (maxRunning !== undefined) checkInteger('maxRunning', maxRunning, 0)
    await setLimit(this.#context.db, queue, maxRunning)
  }

  /** The queues that have a limit, or tasks that are ready or running, by name. */
  async queues(options: PageOptions = {}): Promise<Page<TaskQueue>> {
    checkTasks.queues(options)
    return listQueues(this.#context.db, options)
  }

  /**
   * Deletes tasks that ended, in whatever way, longer ago than this, and returns how many. Nothing does so by
   * itself; their events stay.
   */
  async prune(options: PruneTasksOptions): Promise<number> {
    checkTasks.prune(options)
    const { db } = this.#context
    return pruneTasks(db, db.dialect.now(-durationMs('olderThan', options.olderThan)))
  }

  /** Which tasks wait for which. */
  async graph(options: GraphOptions = {}): Promise<TaskGraph> {
    checkTasks.graph(options)
    return readGraph(this.#context.db, options)
  }

  /**
   * Deletes the record of a task. False when there was none.
   * @throws Conflict when it is running, or others still wait for it: cancel it first
   */
  async delete(id: string): Promise<boolean> {
    checkName('id', id)
    return this.#transaction(context => deleteTask(context.db, id))
  }

  async #create(tasks: readonly NewTask[]): Promise<Task[]> {
    return this.#calls.create(tasks.map(task => prepareTask(this.#context, task)))
  }

  #transaction<T>(fn: (context: Context) => Promise<T>): Promise<T> {
    return this.#calls.transaction(fn)
  }
}
