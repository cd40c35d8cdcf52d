import type { Context } from '../context.ts'
import { join, raw, type Sql, sql } from '../db/sql.ts'
import { settleDependents } from '../tasks/settle-dependents.ts'
import { type BatchDone, inBatches } from '../util/in-batches.ts'
import { type CleanupResult, removeWhere } from './cleanup.ts'
import { scanAll, type Upkeep } from './upkeep-context.ts'

/** A record that refers to something that is gone. */
export interface Orphan {
  table: string
  /** Names the record within its table: the columns of its key, separated by slashes. */
  id: string
  reason: string
}

/** How many orphans one call of `findOrphans` returns at most. */
const maxOrphans = 10_000

/** A column that must name a row of another table, which SQL of others, with foreign keys off, can break. */
interface Reference {
  table: string
  /** The columns that tell the table's rows apart. */
  key: string
  column: string
  parent: string
  parentColumn: string
}

/** All foreign keys of the schema. */
export const references: readonly Reference[] = [
  { table: 'agent_memory', key: 'agent_id, key', column: 'agent_id', parent: 'agents', parentColumn: 'id' },
  edgeTo('parent_id'),
  edgeTo('child_id'),
  {
    table: 'hivewax_task_comments',
    key: 'task_id, number',
    column: 'task_id',
    parent: 'tasks',
    parentColumn: 'id',
  },
  ofWorkflow('hivewax_workflow_history', 'workflow_id, version'),
  ofWorkflow('hivewax_workflow_steps', 'workflow_id, step, iteration'),
  ofWorkflow('hivewax_workflow_runs', 'workflow_id'),
  ofWorkflow('hivewax_workflow_signals', 'workflow_id, name'),
  ofWorkflow('hivewax_workflow_timers', 'workflow_id, step, iteration'),
  {
    table: 'hivewax_votes',
    key: 'key, ballot, voter',
    column: 'key',
    parent: 'consensus_state',
    parentColumn: 'key',
  },
]

function edgeTo(column: 'parent_id' | 'child_id'): Reference {
  return {
    table: 'hivewax_task_dependencies',
    key: 'child_id, parent_id',
    column,
    parent: 'tasks',
    parentColumn: 'id',
  }
}

function ofWorkflow(table: string, key: string): Reference {
  return { table, key, column: 'workflow_id', parent: 'workflow_state', parentColumn: 'id' }
}

/** Running, but without a holder: only SQL from outside leaves a task so. */
const isForsaken = sql`status = 'running' and assigned_to is null`

const findSources = ['memory_store', 'agent_memory', 'events', 'tasks', 'patterns']

/** Those whose ids are numbers: an engine may keep what the index refers to as text. */
const numberedSources = ['memory_store', 'agent_memory', 'events']

/**
 * The entries of the full-text index whose records are gone, and that are not on the list to be indexed again. Each
 * record is looked up by its id, and the list, which has no index, is read once.
 */
const unfounded = sql`(
  select entry.source, entry.ref from hivewax_find_records as entry
  where ${join(findSources.map(isNotIn), ' and ')}
  except select source, ref from hivewax_find_changes) as unfounded`

function isNotIn(source: string): Sql {
  // Only refs of this source are numbers, and only `case` is sure to look at no others.
  const id = numberedSources.includes(source)
    ? `case when entry.source = '${source}' then cast(entry.ref as bigint) end`
    : 'entry.ref'
  return raw(
    `not (entry.source = '${source}' and exists (select 1 from ${source} as record where record.id = ${id}))`,
  )
}

/**
 * Records whose referent is gone, by table: memory of agents, edges between tasks, history of workflows,
 * votes, entries of the full-text index; and tasks that run without an owner. Up to 10,000. The memory of an
 * agent that was never registered is not an orphan: its agent exists, with the type `unregistered`.
 */
export async function findOrphans({ engine }: Upkeep): Promise<Orphan[]> {
  const kinds = [
    ...references.map(reference => {
      const { table, key, column, parent } = reference
      const reason = sql`${`no record of ${parent} is called `} || ${raw(column)}`
      return orphansOf(table, key, { reason, from: sql`${raw(table)} where ${isBroken(reference)}` })
    }),
    orphansOf('tasks', 'id', {
      reason: sql`${'is running, but nobody holds it'}`,
      from: sql`tasks where ${isForsaken}`,
    }),
    orphansOf('hivewax_find_records', 'source, ref', {
      reason: sql`${'the record that it indexes is gone'}`,
      from: unfounded,
    }),
  ]
  const rows = await scanAll<Orphan & { place: string }>(
    engine,
    sql`select place, id, reason from (${join(kinds, ' union all ')}) as orphans
        order by place, id limit ${maxOrphans}`,
  )
  return rows.map(({ place, id, reason }) => ({ table: place, id, reason }))
}

function orphansOf(table: string, key: string, { reason, from }: { reason: Sql; from: Sql }): Sql {
  const id = key.split(', ').map(column => raw(`cast(${column} as text)`))
  return sql`select ${table} as place, ${join(id, " || '/' || ")} as id, ${reason} as reason
             from ${from}`
}

function isBroken({ table, column, parent, parentColumn }: Reference): Sql {
  return raw(`not exists (select 1 from ${parent} p where p.${parentColumn} = ${table}.${column})`)
}

/**
 * Removes what `findOrphans` finds. Tasks are not removed: one that runs without an owner can be claimed
 * again, and one that waits for a missing task goes on or ends by its policy, as if that task had failed.
 */
export async function cleanupOrphans({ context }: Upkeep): Promise<CleanupResult> {
  const result: CleanupResult = {}
  const add = (table: string, count: number) => {
    result[table] = (result[table] ?? 0) + count
  }
  add('hivewax_task_dependencies', await settleMissingParents(context))
  for (const reference of references) {
    const { table, key } = reference
    add(table, await removeWhere(context.db, { table, key, condition: isBroken(reference) }))
  }
  add('tasks', await freeForsaken(context))
  add('hivewax_find_records', await indexAnew(context))
  return result
}

/**
 * Edges from missing tasks, a batch in each transaction, so that nothing waits for a task that cannot end.
 */
function settleMissingParents(context: Context): Promise<number> {
  return inBatches(() => context.db.transaction(tx => settleBatch({ ...context, db: tx })))
}

async function settleBatch(context: Context): Promise<BatchDone> {
  const { db } = context
  const rows = await db.all<{ parent_id: string }>(
    sql`select distinct parent_id from hivewax_task_dependencies
        where ${isBroken(edgeTo('parent_id'))} limit 100`,
  )
  const ids = rows.map(row => row.parent_id)
  if (ids.length === 0) return { count: 0, isLast: true }
  await settleDependents(
    context,
    ids.map(id => ({ id, status: 'failed' })),
  )
  const edges = await db.all(
    sql`delete from hivewax_task_dependencies where parent_id in (${join(ids)}) returning 1 as removed`,
  )
  return { count: edges.length, isLast: false }
}

async function freeForsaken({ db }: Context): Promise<number> {
  const rows = await db.all(
    sql`update tasks set status = 'pending', lease_until = null, lease_epoch = null,
          updated_at = ${db.dialect.now()}
        where ${isForsaken} returning id`,
  )
  return rows.length
}

/** The next run of the index finds that the record is gone, and drops the entry. */
async function indexAnew({ db }: Context): Promise<number> {
  const rows = await db.all(
    sql`insert into hivewax_find_changes (source, ref)
        select source, ref from ${unfounded} returning 1 as marked`,
  )
  return rows.length
}
