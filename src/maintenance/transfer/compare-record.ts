import type { Context } from '../../context.ts'
import { type Sql, sql } from '../../db/sql.ts'
import { encodeTags } from '../../metrics/tags.ts'
import { SharedState } from '../../shared/shared.ts'
import { encodeJson, type Json } from '../../util/json.ts'
import { toDate, toOptionalDate } from '../../util/time.ts'
import { Workflows } from '../../workflows/workflows.ts'
import type { IncomingAgentMemory, IncomingMemory, IncomingRecord } from './incoming-record.ts'

/**
 * How the store's record of a key compares with one to merge: `absent`, the `same`, an `older` one that it may replace,
 * or `other`, which it may not.
 */
export type Comparison = 'absent' | 'same' | 'older' | 'other'

export async function compareWithStore(context: Context, record: IncomingRecord): Promise<Comparison> {
  switch (record.kind) {
    case 'memory':
      return compareStoredMemory(context, record)
    case 'agent_memory':
      return compareAgentMemory(context, record)
    case 'pattern':
      return compareStoredRow(
        context,
        sql`select pattern_data as held from patterns where id = ${record.id}`,
        record.patternData,
      )
    case 'session':
      return compareStoredRow(
        context,
        sql`select data as held from sessions where id = ${record.id}`,
        record.data,
      )
    case 'agent':
      return compareStoredRow(
        context,
        sql`select type as held from agents where id = ${record.id}`,
        record.type,
      )
    case 'task':
      return compareStoredRow(
        context,
        sql`select description as held from tasks where id = ${record.id}`,
        record.description,
      )
    case 'metric':
      return compareStoredRow(context, metricQuery(record), null)
    case 'shared': {
      const held = await new SharedState(context).get(record.key)
      return held === undefined ? 'absent' : compare(held.value, record.value)
    }
    case 'workflow': {
      const held = await new Workflows(context).get(record.id)
      return held === undefined ? 'absent' : compare(held.state, record.state)
    }
  }
}

async function compareStoredMemory(context: Context, record: IncomingMemory): Promise<Comparison> {
  const { db } = context
  const [row] = await db.all<MemoryRow>(
    sql`select value, metadata, updated_at, expires_at from memory_store
        where key = ${record.key} and namespace = ${record.namespace}
          and (expires_at is null or expires_at > ${db.dialect.now()})`,
  )
  return row === undefined ? 'absent' : compareMemory(fromRow(row), encodeMemory(context, record))
}

async function compareAgentMemory(context: Context, record: IncomingAgentMemory): Promise<Comparison> {
  const [row] = await context.db.all<{ value: string; updated_at: string }>(
    sql`select value, updated_at from agent_memory where agent_id = ${record.agentId} and key = ${record.key}`,
  )
  if (row === undefined) return 'absent'
  const value = encode(context, record.value)
  if (row.value === value) return 'same'
  return isOlder({ value: row.value, updatedAt: toDate(row.updated_at) }, { ...record, value })
    ? 'older'
    : 'other'
}

interface MemoryRow {
  value: string
  metadata: string | null
  updated_at: string
  expires_at: string | null
}

/** A value as JSON text, and when it was written. */
interface Written {
  value: string
  updatedAt: Date
}

/** What counts when two records of one key are compared; value and metadata are JSON text. */
export interface EncodedMemory extends Written {
  metadata: string | undefined
  expiresAt: Date | undefined
}

function fromRow({ value, metadata, updated_at, expires_at }: MemoryRow): EncodedMemory {
  return {
    value,
    metadata: metadata ?? undefined,
    updatedAt: toDate(updated_at),
    expiresAt: toOptionalDate(expires_at),
  }
}

/** @throws InvalidInput when no store could hold it */
export function encodeMemory(context: Context, record: IncomingMemory): EncodedMemory {
  const { metadata, updatedAt, expiresAt } = record
  return {
    value: encode(context, record.value),
    metadata: metadata === undefined ? undefined : encode(context, metadata),
    updatedAt,
    expiresAt,
  }
}

/** How the record that is held compares with the incoming one. Metadata alone never keeps the older record. */
export function compareMemory(held: EncodedMemory, incoming: EncodedMemory): Comparison {
  const isSame = held.value === incoming.value && held.expiresAt?.getTime() === incoming.expiresAt?.getTime()
  if (isSame && held.metadata === incoming.metadata) return 'same'
  if (isOlder(held, incoming)) return 'older'
  return isSame ? 'same' : 'other'
}

/** Of what was written in the same millisecond one has to be the later one, and in every store the same. */
function isOlder(held: Written, incoming: Written): boolean {
  const age = incoming.updatedAt.getTime() - held.updatedAt.getTime()
  return age > 0 || (age === 0 && held.value < incoming.value)
}

async function compareStoredRow(context: Context, query: Sql, incoming: Json): Promise<Comparison> {
  const [row] = await context.db.all<{ held: string }>(query)
  if (row === undefined) return 'absent'
  const isSame = incoming === null || row.held === incoming || row.held === encode(context, incoming)
  return isSame ? 'same' : 'other'
}

function metricQuery({ name, value, tags, timestamp }: IncomingRecord & { kind: 'metric' }): Sql {
  return sql`select metric_name as held from performance_metrics
             where metric_name = ${name} and timestamp = ${timestamp} and value = ${value}
               and tags is not distinct from ${encodeTags(tags) ?? null} limit 1`
}

function compare(held: Json, incoming: Json): Comparison {
  return JSON.stringify(held) === JSON.stringify(incoming) ? 'same' : 'other'
}

function encode({ maxValueBytes }: Context, value: Json): string {
  return encodeJson('value', value, maxValueBytes)
}
