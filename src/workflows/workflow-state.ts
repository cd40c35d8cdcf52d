import type { Db } from '../db/db.ts'
import { join, type Sql, sql } from '../db/sql.ts'
import { checkName } from '../util/check.ts'
import { decodeLoose, type Json } from '../util/json.ts'
import { cursorPosition, type PageOptions } from '../util/page.ts'
import { toDate } from '../util/time.ts'

/** A workflow: where it stands, so that it can go on after a crash. */
export interface WorkflowRecord {
  id: string
  /** What kind of workflow; `default` when none was given. */
  workflowType: string
  /** Null when steps have run but nothing was saved yet. */
  state: Json
  /** Whatever the caller needs to go on from, beside the state. */
  checkpoint: Json | undefined
  /** Rises by 1 with every save and is never used twice for an id, not even after a delete. */
  version: number
  createdAt: Date
  updatedAt: Date
}

/** What a workflow was at one save. */
export interface WorkflowVersion {
  version: number
  state: Json
  checkpoint: Json | undefined
  savedAt: Date
}

export interface SaveWorkflowOptions {
  /** What kind of workflow. Omitted, it stays what it was; `default` for a new one. */
  workflowType?: string | undefined
  /** JSON to go on from, beside the state. Omitted, it stays what it was. */
  checkpoint?: unknown
}

export interface WorkflowFilter extends PageOptions {
  workflowType?: string | undefined
}

export interface WorkflowRow {
  id: string
  workflow_type: string
  state: string
  checkpoint_data: string | null
  created_at: string
  updated_at: string
  version: number
}

export type VersionRow = Pick<WorkflowRow, 'version' | 'state' | 'checkpoint_data'> & { saved_at: string }

/** A checked save; the values are JSON text. */
interface Save {
  id: string
  type: string | undefined
  state: string
  checkpoint: string | undefined
}

/** How many versions the history of a workflow keeps. */
const keptVersions = 100

export const columns = sql`id, workflow_type, state, checkpoint_data, created_at, updated_at, version`
export const floor = sql`(select value from hivewax_counters where name = 'floor')`

export function saveSql({ dialect }: Db, { id, type, state, checkpoint }: Save): Sql {
  return sql`
    insert into workflow_state (${columns})
    values (${id}, coalesce(${type}, 'default'), ${state}, ${checkpoint}, ${dialect.now()}, ${dialect.now()},
            ${floor} + 1)
    on conflict (id) do update set
      workflow_type = coalesce(${type}, workflow_state.workflow_type), state = excluded.state,
      checkpoint_data = coalesce(excluded.checkpoint_data, workflow_state.checkpoint_data),
      updated_at = excluded.updated_at, version = workflow_state.version + 1
    returning ${columns}, ${dialect.assertAboveFloor(sql`workflow_state`, sql`version`)} as issued`
}

/** Adds a save to the history, and drops what has become too old. */
export async function keepVersion(
  tx: Db,
  { id, version, state, checkpoint_data }: WorkflowRow,
): Promise<void> {
  await tx.all(
    sql`insert into hivewax_workflow_history (workflow_id, version, state, checkpoint_data, saved_at)
        values (${id}, ${version}, ${state}, ${checkpoint_data}, ${tx.dialect.now()})`,
  )
  await tx.all(
    sql`delete from hivewax_workflow_history where workflow_id = ${id} and version <= ${version - keptVersions}`,
  )
}

/**
 * Makes sure that the workflow has a row to refer to, and locks it until the end of the transaction: every
 * transaction of a workflow takes this row first. A new one has a version that says that nothing was saved yet.
 */
export async function lockWorkflow(tx: Db, id: string, type = 'default'): Promise<void> {
  await tx.all(
    sql`insert into workflow_state (${columns})
        values (${id}, ${type}, 'null', null, ${tx.dialect.now()}, ${tx.dialect.now()}, ${floor})
        on conflict (id) do update set step_count = workflow_state.step_count
        returning ${tx.dialect.assertAboveFloor(sql`workflow_state`, sql`version + 1`)} as issued`,
  )
}

export function matches({ workflowType, cursor }: WorkflowFilter): Sql {
  const after = cursorPosition(cursor, 2)
  const parts = [sql`1 = 1`]
  if (workflowType !== undefined) parts.push(sql`workflow_type = ${checkName('workflowType', workflowType)}`)
  if (after !== undefined) parts.push(sql`(updated_at, id) < (${join(after)})`)
  return join(parts, ' and ')
}

export function fromRow(row: WorkflowRow): WorkflowRecord {
  return {
    id: row.id,
    workflowType: row.workflow_type,
    state: decodeLoose(row.state),
    checkpoint: toCheckpoint(row.checkpoint_data),
    version: row.version,
    createdAt: toDate(row.created_at),
    updatedAt: toDate(row.updated_at),
  }
}

export function fromVersionRow(row: VersionRow): WorkflowVersion {
  return {
    version: row.version,
    state: decodeLoose(row.state),
    checkpoint: toCheckpoint(row.checkpoint_data),
    savedAt: toDate(row.saved_at),
  }
}

function toCheckpoint(text: string | null): Json | undefined {
  return text === null ? undefined : decodeLoose(text)
}
