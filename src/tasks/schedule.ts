import type { Context } from '../context.ts'
import { verified } from '../db/checksums.ts'
import { type Columns, type FieldsOf, listOf, type RowOf } from '../db/columns.ts'
import { appendEvents } from '../db/outbox.ts'
import { theRow } from '../db/rows.ts'
import { sql } from '../db/sql.ts'
import { InvalidInput } from '../errors.ts'
import { checkInteger, checkName, checkOneOf, describe } from '../util/check.ts'
import { decodeJson, encodeJson, type Json, maxMaxValueBytes } from '../util/json.ts'
import { cursorPosition, type Page, type PageOptions, pageLimit, toPage } from '../util/page.ts'
import { serializeError } from '../util/serialize-error.ts'
import { shiftTime, toDate, toOptionalDate } from '../util/time.ts'
import { insertTasks } from './create.ts'
import { type NewTask, prepareTask, type TaskToInsert } from './new-task.ts'
import { isFinal, type TaskStatus } from './task.ts'

/** What can be true of one task only, or of a task of one moment. */
const notScheduled = ['id', 'dependencies', 'runAt', 'delayMs', 'idempotencyKey', 'parentId'] as const

/** What a scheduled task may say: it has no time and no name of its own, and waits for no other. */
export type ScheduledTask = Omit<NewTask, (typeof notScheduled)[number]>

export interface NewSchedule {
  /**
   * A name of the caller's choice; a schedule that has it is replaced. With the same timing it stays due when it was,
   * so that a program may say at each of its starts what is to be done.
   */
  id: string
  /** When, as a cron expression of five fields, or six with seconds first: `0 3 * * *` is at three every day. */
  cron?: string | undefined
  /** Or how often, in milliseconds: at least 1,000. */
  everyMs?: number | undefined
  /** The time zone of the cron expression, such as `Europe/Zurich`. Default UTC. */
  timezone?: string | undefined
  /** When the last task has not ended: create none this time (`skip`, the default), or one more (`allow`). */
  overlap?: Overlap | undefined
  /** What to create each time. */
  task: ScheduledTask
}

export const overlaps = ['skip', 'allow'] as const

export type Overlap = (typeof overlaps)[number]

/** A task that is created again and again. */
export interface Schedule {
  id: string
  cron: string | undefined
  everyMs: number | undefined
  timezone: string | undefined
  overlap: Overlap
  task: Json
  /**
   * When it is due next; undefined when its expression names no later time, or it made no sense any more to who
   * looked for work, as an event `schedule.stopped` then says.
   */
  nextAt: Date | undefined
  /** When it was due last. */
  lastAt: Date | undefined
  /** The task that was created last, if it still exists. */
  lastTaskId: string | undefined
}

const scheduleColumns = {
  id: 'text',
  cron: 'text?',
  every_ms: 'number?',
  timezone: 'text?',
  overlap: 'text',
  task: 'text',
  next_at: 'time?',
  last_at: 'time?',
  last_task_id: 'text?',
  crc: 'number?',
} as const satisfies Columns

type ScheduleRow = RowOf<typeof scheduleColumns> & { overlap: Overlap }

type Timing = Pick<ScheduleRow, 'cron' | 'every_ms' | 'timezone'>

const columns = listOf(scheduleColumns)

const isSameTiming = sql`old.cron is not distinct from excluded.cron
  and old.every_ms is not distinct from excluded.every_ms and old.timezone is not distinct from excluded.timezone`

/** See `Tasks.schedule`. */
export async function putSchedule(context: Context, schedule: NewSchedule): Promise<Schedule> {
  const { db, clock } = context
  const id = checkName('id', schedule.id)
  const overlap = checkOneOf('overlap', schedule.overlap ?? 'skip', overlaps)
  const timing = checkTiming(schedule)
  checkScheduled(schedule.task)
  prepareTask(context, schedule.task)
  const task = encodeJson('task', schedule.task, context.maxValueBytes)
  const nextAt = await nextTime(timing, new Date(clock.now()), undefined)
  const crc = db.dialect.checksum('hivewax_task_schedules', 'crc', { id, ...timing, overlap, task })
  const rows = await db.all<ScheduleRow>(
    sql`insert into hivewax_task_schedules as old
          (id, cron, every_ms, timezone, overlap, task, next_at, created_at, updated_at, crc)
        values (${id}, ${timing.cron}, ${timing.every_ms}, ${timing.timezone}, ${overlap}, ${task}, ${nextAt},
          ${db.dialect.now()}, ${db.dialect.now()}, ${crc})
        on conflict (id) do update set cron = excluded.cron, every_ms = excluded.every_ms,
          timezone = excluded.timezone, overlap = excluded.overlap, task = excluded.task,
          crc = excluded.crc,
          next_at = case when ${isSameTiming} and old.next_at < excluded.next_at then old.next_at
                         else excluded.next_at end,
          updated_at = excluded.updated_at
        returning ${columns}`,
  )
  return fromRow(theRow(rows))
}

/** See `Tasks.schedules`. */
export async function listSchedules({ db }: Context, options: PageOptions): Promise<Page<Schedule>> {
  const limit = pageLimit(options.limit)
  const [after = ''] = cursorPosition(options.cursor, 1) ?? []
  const rows = await db.all<ScheduleRow>(
    sql`select ${columns} from hivewax_task_schedules where id > ${after} order by id limit ${limit + 1}`,
  )
  return toPage(rows, limit, { item: fromRow, position: row => [row.id] })
}

/** See `Tasks.unschedule`. */
export async function deleteSchedule({ db }: Context, id: string): Promise<boolean> {
  const rows = await db.all(
    sql`delete from hivewax_task_schedules where id = ${checkName('id', id)} returning id`,
  )
  return rows.length > 0
}

/**
 * Creates the tasks that are due. What was due several times while no worker claimed is created once.
 * @param context its `db` is the transaction
 */
export async function createScheduled(context: Context, limit: number): Promise<void> {
  const { db } = context
  const due = await db.all<ScheduleRow>(
    sql`select ${columns} from hivewax_task_schedules where next_at <= ${db.dialect.now()}
        order by next_at limit ${limit}`,
  )
  for (const row of due) await fire(context, row)
}

async function fire(context: Context, row: ScheduleRow): Promise<void> {
  const { db } = context
  let turn: Turn
  try {
    turn = await prepareTurn(context, row)
  } catch (error) {
    return stop(context, row, error)
  }
  const moved = await db.all(
    sql`update hivewax_task_schedules set last_at = next_at, next_at = ${turn.nextAt}
        where id = ${row.id} and next_at = ${row.next_at} returning id`,
  )
  if (moved.length === 0 || (row.overlap === 'skip' && (await isOpen(context, row.last_task_id)))) return
  const [created] = await insertTasks(context, [turn.task])
  await db.all(sql`update hivewax_task_schedules set last_task_id = ${created?.id} where id = ${row.id}`)
}

/** What a schedule does when it is due. */
interface Turn {
  task: TaskToInsert
  nextAt: Date | undefined
}

async function prepareTurn(context: Context, row: ScheduleRow): Promise<Turn> {
  // It was checked when it was scheduled, by a handle that may take larger values than this one.
  const task = decodeJson(verified('hivewax_task_schedules', row).task) as unknown as ScheduledTask
  return {
    task: prepareTask({ ...context, maxValueBytes: maxMaxValueBytes }, task),
    nextAt: await nextTime(row, new Date(context.clock.now()), row.next_at),
  }
}

/** Ends a schedule that makes no sense here, in an older version or without its time zone: else no worker could claim. */
async function stop({ db, agentId }: Context, { id, next_at }: ScheduleRow, error: unknown): Promise<void> {
  const stopped = await db.all(
    sql`update hivewax_task_schedules set next_at = null where id = ${id} and next_at = ${next_at} returning id`,
  )
  if (stopped.length === 0) return
  const data = { scheduleId: id, error: serializeError(error) }
  await appendEvents(db, [{ type: 'schedule.stopped', source: agentId ?? 'system', data }])
}

async function isOpen({ db }: Context, taskId: string | null): Promise<boolean> {
  const [task] = await db.all<{ status: TaskStatus }>(sql`select status from tasks where id = ${taskId}`)
  return task !== undefined && !isFinal(task.status)
}

function checkScheduled(task: ScheduledTask): void {
  const unfit = notScheduled.find(field => field in task)
  if (unfit === undefined) return
  throw new InvalidInput(`a scheduled task is created again and again, and cannot have ${unfit}`)
}

function checkTiming({ cron, everyMs, timezone }: NewSchedule): Timing {
  if ((cron === undefined) === (everyMs === undefined)) {
    throw new InvalidInput('pass either cron or everyMs', { hint: "For example { cron: '0 3 * * *' }." })
  }
  if (everyMs !== undefined) {
    if (timezone !== undefined) throw new InvalidInput('timezone goes with cron, not with everyMs')
    return { cron: null, every_ms: checkInteger('everyMs', everyMs, 1_000), timezone: null }
  }
  return {
    cron: checkName('cron', cron),
    every_ms: null,
    timezone: timezone === undefined ? null : checkName('timezone', timezone),
  }
}

/** The first time after `now`; of intervals, one that lies on the grid of the last. */
async function nextTime(
  timing: Timing,
  now: Date,
  lastAt: string | null | undefined,
): Promise<Date | undefined> {
  if (timing.every_ms === null) return nextByCron(timing, now)
  const start = lastAt ? toDate(lastAt).getTime() : now.getTime()
  const rounds = Math.floor(Math.max(0, now.getTime() - start) / timing.every_ms) + 1
  return shiftTime(start, rounds * timing.every_ms)
}

async function nextByCron({ cron, timezone }: Timing, now: Date): Promise<Date | undefined> {
  // Loaded when the first schedule is met: few programs have any.
  const { Cron } = await import('croner')
  try {
    return new Cron(cron ?? '', { timezone: timezone ?? 'UTC', paused: true }).nextRun(now) ?? undefined
  } catch (cause) {
    const zone = timezone === null ? '' : ` in time zone ${describe(timezone)}`
    throw new InvalidInput(`${describe(cron)}${zone} is no schedule: ${(cause as Error).message}`, {
      hint: 'A cron expression has five fields: minute hour day month weekday, such as "0 3 * * *".',
      cause,
    })
  }
}

function fromRow(row: ScheduleRow): Schedule {
  verified('hivewax_task_schedules', row)
  return {
    id: row.id,
    cron: row.cron ?? undefined,
    everyMs: row.every_ms ?? undefined,
    timezone: row.timezone ?? undefined,
    overlap: row.overlap,
    task: decodeJson(row.task),
    nextAt: toOptionalDate(row.next_at),
    lastAt: toOptionalDate(row.last_at),
    lastTaskId: row.last_task_id ?? undefined,
  } satisfies FieldsOf<Omit<ScheduleRow, 'crc'>>
}
