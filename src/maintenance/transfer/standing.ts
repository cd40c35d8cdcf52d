import type { Context } from '../../context.ts'
import { type Sql, sql } from '../../db/sql.ts'
import { encodeTags } from '../../metrics/tags.ts'
import { SharedState } from '../../shared/shared.ts'
import { encodeJson, type Json } from '../../util/json.ts'
import { toDate, toOptionalDate } from '../../util/time.ts'
import { Workflows } from '../../workflows/workflows.ts'
import type { Incoming, IncomingMemory } from './incoming.ts'

/**
 * How a record that comes stands to what the store holds: `absent`, the `same`, an `older` one that it may replace,
 * or `other`, which it may not.
 */
export type Standing = 'absent' | 'same' | 'older' | 'other'

export async function standing(context: Context, record: Incoming): Promise<Standing> {
  switch (record.kind) {
    case 'memory':
      return ofMemory(context, record)
    case 'pattern':
      return ofRow(
        context,
        sql`select pattern_data as held from patterns where id = ${record.id}`,
        record.patternData,
      )
    case 'session':
      return ofRow(context, sql`select data as held from sessions where id = ${record.id}`, record.data)
    case 'agent':
      return ofRow(context, sql`select type as held from agents where id = ${record.id}`, record.type)
    case 'task':
      return ofRow(
        context,
        sql`select description as held from tasks where id = ${record.id}`,
        record.description,
      )
    case 'metric':
      return ofRow(context, measured(record), null)
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

async function ofMemory(context: Context, record: IncomingMemory): Promise<Standing> {
  const { db } = context
  const [row] = await db.all<MemoryRow>(
    sql`select value, metadata, updated_at, expires_at from memory_store
        where key = ${record.key} and namespace = ${record.namespace}
          and (expires_at is null or expires_at > ${db.dialect.now()})`,
  )
  return row === undefined ? 'absent' : compareMemory(fromRow(row), encodeMemory(context, record))
}

interface MemoryRow {
  value: string
  metadata: string | null
  updated_at: string
  expires_at: string | null
}

/** What counts when two records of one key are compared; value and metadata are JSON text. */
export interface EncodedMemory {
  value: string
  metadata: string | undefined
  updatedAt: Date
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

/** How a record that comes stands to the one that is held. Metadata alone never keeps the older record. */
export function compareMemory(held: EncodedMemory, coming: EncodedMemory): Standing {
  const isSame = held.value === coming.value && held.expiresAt?.getTime() === coming.expiresAt?.getTime()
  if (isSame && held.metadata === coming.metadata) return 'same'
  if (held.updatedAt < coming.updatedAt) return 'older'
  return isSame ? 'same' : 'other'
}

async function ofRow(context: Context, query: Sql, coming: Json): Promise<Standing> {
  const [row] = await context.db.all<{ held: string }>(query)
  if (row === undefined) return 'absent'
  const isSame = coming === null || row.held === coming || row.held === encode(context, coming)
  return isSame ? 'same' : 'other'
}

function measured({ name, value, tags, timestamp }: Incoming & { kind: 'metric' }): Sql {
  return sql`select metric_name as held from performance_metrics
             where metric_name = ${name} and timestamp = ${timestamp} and value = ${value}
               and tags is not distinct from ${encodeTags(tags) ?? null} limit 1`
}

function compare(held: Json, coming: Json): Standing {
  return JSON.stringify(held) === JSON.stringify(coming) ? 'same' : 'other'
}

function encode({ maxValueBytes }: Context, value: Json): string {
  return encodeJson('value', value, maxValueBytes)
}
