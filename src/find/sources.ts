import { comparedColumns } from '../db/checksummed.ts'
import { verified } from '../db/checksums.ts'
import type { Db } from '../db/db.ts'
import type { TextEntry, TextRef, TextSource } from '../db/fulltext.ts'
import { raw, type Sql, sql } from '../db/sql.ts'
import { decodeLoose, type Json } from '../util/json.ts'
import { plainText } from './plain.ts'
import { scopeTerm, textTerms } from './terms.ts'

/** What can be searched: key-value memory, the agents' own memory, events, tasks, patterns. */
export const findable = ['memory', 'agent_memory', 'events', 'tasks', 'patterns'] as const

export type Findable = (typeof findable)[number]

/** Which record was found. */
export type FoundRecord =
  | { in: 'memory'; namespace: string; key: string }
  | { in: 'agent_memory'; agentId: string; key: string }
  | { in: 'events'; id: number; type: string; source: string }
  | { in: 'tasks'; id: string; status: string }
  | { in: 'patterns'; id: string; type: string }

/**
 * A row of any source. `body`, `more` and `rest` are its text, most distinctive first, each up to `maxText`
 * characters.
 */
export interface SourceRow {
  ref: TextRef
  /** What the record belongs to: its namespace, agent, event source, status or type. */
  owner: string | null
  name: string | null
  body: string | null
  more: string | null
  rest: string | null
  at: string | Date | null
  expires_at: string | Date | null
  /** Where the row was read whole, and its table has it. */
  author?: string | null
}

/** A table that can be searched, and how its rows become text and results. */
export interface Source {
  readonly in: Findable
  readonly name: TextSource
  readonly table: Sql
  readonly columns: Sql
  /** A ref as its table has it: the index may keep it as text. */
  toRef(ref: TextRef): TextRef
  /** True when `owner` is the namespace that a search may be limited to. */
  readonly hasNamespace: boolean
  /** The condition that a row has not expired. */
  isLive(now: Sql): Sql
  /** What the record is called; it weighs more than its text. */
  title(row: SourceRow): string
  record(row: SourceRow): FoundRecord
  value(row: SourceRow): Json | undefined
}

/** For rows that never expire. */
const always = () => raw('1 = 1')

/** How much of each text of a record is indexed and shown, in characters. */
const maxText = 65_536

const memory: Source = {
  in: 'memory',
  name: 'memory_store',
  table: raw('memory_store'),
  columns: sql`id as ref, namespace as owner, key as name, ${beginning('value')} as body,
    ${beginning('metadata')} as more, null as rest, updated_at as at, expires_at`,
  toRef: Number,
  hasNamespace: true,
  isLive: now => sql`(expires_at is null or expires_at > ${now})`,
  title: row => row.name ?? '',
  record: row => ({ in: 'memory', namespace: row.owner ?? '', key: row.name ?? '' }),
  value: shortValue,
}

const agentMemory: Source = {
  in: 'agent_memory',
  name: 'agent_memory',
  table: raw('agent_memory'),
  columns: sql`id as ref, agent_id as owner, key as name, ${beginning('value')} as body,
    null as more, null as rest, updated_at as at, null as expires_at`,
  toRef: Number,
  hasNamespace: false,
  isLive: always,
  title: row => `${row.owner} ${row.name}`,
  record: row => ({ in: 'agent_memory', agentId: row.owner ?? '', key: row.name ?? '' }),
  value: shortValue,
}

const events: Source = {
  in: 'events',
  name: 'events',
  table: raw('events'),
  columns: sql`id as ref, source as owner, type as name, ${beginning('data')} as body,
    null as more, null as rest, timestamp as at, null as expires_at`,
  toRef: Number,
  hasNamespace: false,
  isLive: always,
  title: row => `${row.name} ${row.owner}`,
  record: row => ({ in: 'events', id: Number(row.ref), type: row.name ?? '', source: row.owner ?? '' }),
  value: shortValue,
}

const tasks: Source = {
  in: 'tasks',
  name: 'tasks',
  table: raw('tasks'),
  columns: sql`id as ref, status as owner, id as name, ${beginning('description')} as body,
    ${beginning('result')} as more, ${beginning('payload')} as rest, updated_at as at, null as expires_at`,
  toRef: String,
  hasNamespace: false,
  isLive: always,
  title: row => row.name ?? '',
  record: row => ({ in: 'tasks', id: String(row.ref), status: row.owner ?? '' }),
  value: row => (isShort(row.body) ? row.body : undefined),
}

const patterns: Source = {
  in: 'patterns',
  name: 'patterns',
  table: raw('patterns'),
  columns: sql`id as ref, type as owner, id as name, ${beginning('pattern_data')} as body,
    ${beginning('metadata')} as more, null as rest, updated_at as at, null as expires_at`,
  toRef: String,
  hasNamespace: false,
  isLive: always,
  title: row => `${row.name} ${row.owner}`,
  record: row => ({ in: 'patterns', id: String(row.ref), type: row.owner ?? '' }),
  value: shortValue,
}

export const sources: readonly Source[] = [memory, agentMemory, events, tasks, patterns]

/** The rows of these records as they are now, by id; those that are gone are missing. */
export async function readRows(
  db: Db,
  source: Source,
  refs: readonly TextRef[],
): Promise<ReadonlyMap<TextRef, SourceRow>> {
  const rows = await rowsWhere(db, source, db.dialect.inList(sql`id`, refs))
  return new Map(rows.map(row => [row.ref, row]))
}

/** As {@link readRows}, to be shown: each record is read whole, so that its checksums can be compared. */
export async function readVerified(
  db: Db,
  source: Source,
  refs: readonly TextRef[],
): Promise<ReadonlyMap<TextRef, SourceRow>> {
  const compared = raw(comparedColumns(source.name).join(', '))
  const rows = await readRows(db, { ...source, columns: sql`${source.columns}, ${compared}` }, refs)
  for (const row of rows.values()) verified(source.name, row)
  return rows
}

/** The rows of these records as they are now, without those that have expired. */
export function readLive(db: Db, source: Source, refs: readonly TextRef[]): Promise<SourceRow[]> {
  const { dialect } = db
  return rowsWhere(db, source, sql`${dialect.inList(sql`id`, refs)} and ${source.isLive(dialect.now())}`)
}

function rowsWhere(db: Db, { columns, table }: Source, condition: Sql): Promise<SourceRow[]> {
  return db.all(sql`select ${columns} from ${table} where ${condition}`)
}

/** The text of a record besides its title: for the index, and for people. */
export function bodyText({ body, more, rest }: SourceRow): string {
  const texts = [body, more, rest].filter(text => text !== null)
  return texts.map(plainText).join(' · ').slice(0, maxText)
}

/** How many characters were read for the text of a record. */
export function textLength({ body, more, rest }: SourceRow): number {
  return [body, more, rest].reduce((sum, text) => sum + (text?.length ?? 0), 0)
}

/** A record as the index takes it. */
export function entryOf(source: Source, row: SourceRow): TextEntry {
  return {
    ref: row.ref,
    expiresAt: row.expires_at,
    scope: source.hasNamespace ? scopeTerm(row.owner ?? '') : '',
    title: textTerms(source.title(row)),
    body: textTerms(bodyText(row)),
  }
}

function beginning(column: string): Sql {
  return raw(`substr(${column}, 1, ${maxText})`)
}

const maxValueLength = 1_000

function isShort(text: string | null): text is string {
  return text !== null && text.length <= maxValueLength
}

function shortValue({ body }: SourceRow): Json | undefined {
  return isShort(body) ? decodeLoose(body) : undefined
}
