import type { Context } from '../context.ts'
import { type Author, decodeAuthor } from '../db/author.ts'
import { verified } from '../db/checksums.ts'
import { type Columns, type FieldsOf, listOf, type RowOf } from '../db/columns.ts'
import type { Db } from '../db/db.ts'
import { theRow } from '../db/rows.ts'
import { sql } from '../db/sql.ts'
import { checkName, checkText } from '../util/check.ts'
import { cursorPosition, type Page, type PageOptions, pageLimit, toPage } from '../util/page.ts'
import { toDate } from '../util/time.ts'
import type { TaskStatus } from './task.ts'
import { noTask } from './task.ts'
import { appendTaskEvents } from './task-events.ts'

/** What somebody has said of a task. */
export interface TaskComment {
  taskId: string
  /** Which comment of its task it is, from 1. */
  number: number
  body: string
  createdAt: Date
  /** Who wrote it, as the store knows it. */
  author: Author | undefined
}

const commentColumns = {
  task_id: 'text',
  number: 'number',
  body: 'text',
  created_at: 'time',
  author: 'text?',
  crc: 'number?',
} as const satisfies Columns

type CommentRow = RowOf<typeof commentColumns>

const columns = listOf(commentColumns)

/**
 * Writes a comment. See `Tasks.comment`.
 * @param context its `db` is the transaction
 */
export async function commentTask(context: Context, taskId: string, text: string): Promise<TaskComment> {
  const { db } = context
  const body = checkText('body', text)
  // Holds the task: nobody deletes it meanwhile, or gives a comment of it the same number.
  const [task] = await db.all<{ status: TaskStatus }>(
    sql`update tasks set token = token where id = ${taskId} returning status`,
  )
  if (task === undefined) throw noTask(taskId)
  const number = (await lastNumber(db, taskId)) + 1
  const { author } = db
  const crc = db.dialect.checksum('hivewax_task_comments', 'crc', { task_id: taskId, number, body, author })
  const row = theRow(
    await db.all<CommentRow>(
      sql`insert into hivewax_task_comments (task_id, number, body, created_at, author, crc)
          values (${taskId}, ${number}, ${body}, ${db.dialect.now()}, ${author}, ${crc}) returning ${columns}`,
    ),
  )
  await appendTaskEvents(context, [
    { what: 'commented', data: { taskId, status: task.status, comment: number } },
  ])
  return toComment(row)
}

async function lastNumber(db: Db, taskId: string): Promise<number> {
  const [last] = await db.all<{ number: number }>(
    sql`select number from hivewax_task_comments where task_id = ${taskId} order by number desc limit 1`,
  )
  return last?.number ?? 0
}

/** See `Tasks.comments`. */
export async function listComments(db: Db, taskId: string, options: PageOptions): Promise<Page<TaskComment>> {
  const limit = pageLimit(options.limit)
  const [after = 0] = cursorPosition(options.cursor, 1) ?? []
  const rows = await db.all<CommentRow>(
    sql`select ${columns} from hivewax_task_comments
        where task_id = ${checkName('id', taskId)} and number > ${Number(after)} order by number limit ${limit + 1}`,
  )
  return toPage(rows, limit, { item: toComment, position: row => [row.number] })
}

function toComment(row: CommentRow): TaskComment {
  const { task_id, number, body, created_at, author } = verified('hivewax_task_comments', row)
  return {
    taskId: task_id,
    number,
    body,
    createdAt: toDate(created_at),
    author: decodeAuthor(author),
  } satisfies FieldsOf<Omit<CommentRow, 'crc'>>
}
