import { verified } from '../db/checksums.ts'
import { listOf } from '../db/columns.ts'
import type { Db, Dialect } from '../db/db.ts'
import { type Sql, sql } from '../db/sql.ts'
import { checkInteger, checkName } from '../util/check.ts'
import { chunks } from '../util/chunks.ts'
import { maxLimit } from '../util/page.ts'
import { knownPriority, type Priority } from './claim-order.ts'
import type { OnFailure } from './dependencies.ts'
import { childrenOf } from './settle-dependents.ts'
import { givenColumns, noTask, statusNow, type TaskStatus } from './task.ts'

export interface GraphOptions {
  /** Only this task and those that wait for it, directly or through others. Default: all tasks. */
  rootId?: string | undefined
  /** How many nodes at most, in order of id: 1 to 10,000, default 1,000. */
  limit?: number | undefined
}

/** Which tasks wait for which. */
export interface TaskGraph {
  nodes: {
    id: string
    description: string
    status: TaskStatus
    priority: Priority
    assignedTo: string | undefined
  }[]
  /** From each task to those that wait for it, or have waited. */
  edges: { from: string; to: string; onFailure: OnFailure }[]
  /** True when there are more nodes than `limit`; edges to them are left out. */
  truncated: boolean
}

/** Ids per statement. */
const maxIds = 500

/** What is given of a task, which its description has a checksum with, but for the payload. */
const { payload: _, ...described } = givenColumns

const columns = listOf({ ...described, crc: 'number?', assigned_to: 'text?' })

interface NodeRow {
  id: string
  description: string
  status: TaskStatus
  priority: string | null
  assigned_to: string | null
}

export async function readGraph(db: Db, options: GraphOptions): Promise<TaskGraph> {
  const rootId = options.rootId === undefined ? undefined : checkName('rootId', options.rootId)
  const limit = checkInteger('limit', options.limit ?? 1_000, 1, maxLimit)
  const rows = await db.all<NodeRow>(
    sql`select ${columns}, ${statusNow(db.dialect)} as status from tasks
        where ${rootId === undefined ? sql`1 = 1` : isBelow(db.dialect, rootId)} order by id limit ${limit + 1}`,
  )
  if (rows.length === 0 && rootId !== undefined) throw noTask(rootId)
  const nodes = rows.slice(0, limit).map(row => {
    const { id, description, status, priority, assigned_to } = verified('tasks', row)
    return {
      id,
      description,
      status,
      priority: knownPriority(priority),
      assignedTo: assigned_to ?? undefined,
    }
  })
  return {
    nodes,
    edges: await readEdges(db, new Set(nodes.map(node => node.id))),
    truncated: rows.length > limit,
  }
}

/** The condition that a task is the root, or waits for it. */
function isBelow(dialect: Dialect, rootId: string): Sql {
  return dialect.inQuery(
    sql`id`,
    sql`with recursive below (id) as (
          select id from tasks where id = ${rootId}
          union select child_id from below ${childrenOf(dialect, sql`below.id`)})
        select id from below`,
  )
}

async function readEdges(db: Db, nodeIds: ReadonlySet<string>): Promise<TaskGraph['edges']> {
  const edges: TaskGraph['edges'] = []
  for (const ids of chunks([...nodeIds], maxIds)) {
    const rows = await db.all<{ parent_id: string; child_id: string; on_failure: OnFailure }>(
      sql`select parent_id, child_id, on_failure from hivewax_task_dependencies where ${db.dialect.inList(sql`child_id`, ids)}
          order by child_id, parent_id`,
    )
    for (const row of rows) edges.push({ from: row.parent_id, to: row.child_id, onFailure: row.on_failure })
  }
  return edges.filter(edge => nodeIds.has(edge.from))
}
