import { type Author, decodeAuthor } from '../db/author.ts'
import { verified } from '../db/checksums.ts'
import { type Columns, listOf, type RowOf } from '../db/columns.ts'
import type { Db } from '../db/db.ts'
import { type Sql, sql } from '../db/sql.ts'
import { checkName } from '../util/check.ts'
import { decodeLoose, type Json } from '../util/json.ts'
import { cursorPosition, type Page, type PageOptions, pageLimit, toPage } from '../util/page.ts'
import { toDate } from '../util/time.ts'
import { readLatest } from './latest-first.ts'

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
  /** Who saved it last; undefined when that is not known. */
  author: Author | undefined
}

/** What a workflow was at one save. */
export interface WorkflowVersion {
  version: number
  state: Json
  checkpoint: Json | undefined
  savedAt: Date
  author: Author | undefined
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

const stateColumns = {
  id: 'text',
  workflow_type: 'text',
  state: 'text',
  checkpoint_data: 'text?',
  created_at: 'time',
  updated_at: 'time',
  version: 'number',
  author: 'text?',
  type_crc: 'number?',
  state_crc: 'number?',
  checkpoint_crc: 'number?',
} as const satisfies Columns

export type WorkflowRow = RowOf<typeof stateColumns>

const historyColumns = {
  workflow_id: 'text',
  version: 'number',
  state: 'text',
  checkpoint_data: 'text?',
  saved_at: 'time',
  author: 'text?',
  state_crc: 'number?',
  checkpoint_crc: 'number?',
} as const satisfies Columns

export type VersionRow = RowOf<typeof historyColumns>

/** A checked save; the values are JSON text. */
interface Save {
  id: string
  type: string | undefined
  state: string
  checkpoint: string | undefined
}

const defaultType = 'default'

/** How many versions the history of a workflow keeps. */
const keptVersions = 100

export const columns = listOf(stateColumns)
export const versionColumns = listOf(historyColumns)
export const floor = sql`(select value from hivewax_counters where name = 'floor')`

export function saveSql({ dialect, author }: Db, { id, type, state, checkpoint }: Save): Sql {
  const typeCrc = (workflow_type: string) =>
    dialect.checksum('workflow_state', 'type_crc', { id, workflow_type })
  const stateCrc = dialect.checksum('workflow_state', 'state_crc', { id, state, author })
  const checkpointCrc = dialect.checksum('workflow_state', 'checkpoint_crc', {
    id,
    checkpoint_data: checkpoint,
  })
  return sql`
    insert into workflow_state (${columns})
    values (${id}, ${type ?? defaultType}, ${state}, ${checkpoint}, ${dialect.now()}, ${dialect.now()},
            ${floor} + 1, ${author}, ${typeCrc(type ?? defaultType)}, ${stateCrc}, ${checkpointCrc})
    on conflict (id) do update set
      workflow_type = coalesce(${type}, workflow_state.workflow_type), state = excluded.state,
      checkpoint_data = coalesce(excluded.checkpoint_data, workflow_state.checkpoint_data),
      updated_at = excluded.updated_at, version = workflow_state.version + 1, author = excluded.author,
      type_crc = coalesce(${type === undefined ? null : typeCrc(type)}, workflow_state.type_crc),
      state_crc = excluded.state_crc,
      checkpoint_crc = coalesce(excluded.checkpoint_crc, workflow_state.checkpoint_crc)
    returning ${columns}, ${dialect.assertAboveFloor(sql`workflow_state`, sql`version`)} as issued`
}

/** Adds a save to the history, and drops what has become too old. */
export async function keepVersion(tx: Db, row: WorkflowRow): Promise<void> {
  const { id, version, state, checkpoint_data, author, state_crc, checkpoint_crc } = row
  await tx.all(
    sql`insert into hivewax_workflow_history (${versionColumns})
        values (${id}, ${version}, ${state}, ${checkpoint_data}, ${tx.dialect.now()}, ${author}, ${state_crc},
                ${checkpoint_crc})`,
  )
  await tx.all(
    sql`delete from hivewax_workflow_history where workflow_id = ${id} and version <= ${version - keptVersions}`,
  )
}

/**
 * Makes sure that the workflow has a row to refer to, and locks it until the end of the transaction: every
 * transaction of a workflow takes this row first. A new one has a version that says that nothing was saved yet.
 */
export async function lockWorkflow(tx: Db, id: string, type = defaultType): Promise<void> {
  await tx.all(
    sql`insert into workflow_state (${columns}) values (${unsaved(tx, id, type)})
        on conflict (id) do update set step_count = workflow_state.step_count
        returning ${tx.dialect.assertAboveFloor(sql`workflow_state`, sql`version + 1`)} as issued`,
  )
}

/** A workflow that was never saved, in the order of {@link columns}. */
export function unsaved({ dialect, author }: Db, id: string, type = defaultType): Sql {
  const typeCrc = dialect.checksum('workflow_state', 'type_crc', { id, workflow_type: type })
  const stateCrc = dialect.checksum('workflow_state', 'state_crc', { id, state: 'null', author })
  return sql`${id}, ${type}, 'null', null, ${dialect.now()}, ${dialect.now()}, ${floor}, ${author}, ${typeCrc}, ${stateCrc}, null`
}

/** Workflows, the one saved last first. */
export async function listWorkflows(db: Db, filter: WorkflowFilter): Promise<Page<WorkflowRecord>> {
  const limit = pageLimit(filter.limit)
  const { workflowType: type, signal } = filter
  const rows = await readLatest<WorkflowRow>(
    db,
    {
      table: sql`workflow_state`,
      columns,
      time: sql`updated_at`,
      id: sql`id`,
      served: sql`1 = 1`,
      filter: type === undefined ? undefined : sql`workflow_type = ${checkName('workflowType', type)}`,
    },
    { after: cursorPosition(filter.cursor, 2), limit: limit + 1, signal },
  )
  return toPage(rows, limit, { item: fromRow, position: row => [row.updated_at, row.id] })
}

export function fromRow(row: WorkflowRow): WorkflowRecord {
  verified('workflow_state', row)
  return {
    id: row.id,
    workflowType: row.workflow_type,
    state: decodeLoose(row.state),
    checkpoint: toCheckpoint(row.checkpoint_data),
    version: row.version,
    createdAt: toDate(row.created_at),
    updatedAt: toDate(row.updated_at),
    author: decodeAuthor(row.author),
  }
}

export function fromVersionRow(row: VersionRow): WorkflowVersion {
  verified('hivewax_workflow_history', row)
  return {
    version: row.version,
    state: decodeLoose(row.state),
    checkpoint: toCheckpoint(row.checkpoint_data),
    savedAt: toDate(row.saved_at),
    author: decodeAuthor(row.author),
  }
}

function toCheckpoint(text: string | null): Json | undefined {
  return text === null ? undefined : decodeLoose(text)
}
