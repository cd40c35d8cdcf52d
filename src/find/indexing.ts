import type { Db } from '../db/db.ts'
import type { TextEntry, TextRef, TextSource } from '../db/fulltext.ts'
import { sql } from '../db/sql.ts'
import { bodyText, readRows, type Source, type SourceRow, sources } from './sources.ts'
import { scopeTerm, textTerms } from './terms.ts'

/**
 * How much one transaction indexes: with either, it holds the event loop and other writers for some 20 ms.
 */
const maxBatchRows = 250
const maxBatchLength = 64 * 1024

export interface IndexOptions {
  /** Stop after this many changes. */
  maxRows?: number | undefined
  /** Start no further batch after this time, in milliseconds. */
  maxMs?: number | undefined
}

export interface Indexed {
  /** How many changes were taken from the log. */
  count: number
  /** True when every change that was committed before the call is in the index. */
  isDone: boolean
}

interface Change {
  id: number
  source: TextSource
  ref: TextRef | null
}

/**
 * Brings the full-text index up to date with the log of changes, oldest first, a batch in each transaction.
 * Any number of processes may do so at a time. The log grows by some 30 bytes with every write until a process
 * does.
 */
export async function indexPending(db: Db, options: IndexOptions = {}): Promise<Indexed> {
  const { maxRows = Number.POSITIVE_INFINITY, maxMs = Number.POSITIVE_INFINITY } = options
  const end = performance.now() + maxMs
  const atMost = await countAtMost(db)
  let size = maxBatchRows
  for (let count = 0; ; ) {
    // When as many were taken as there were, all of those were, by us or by others: the oldest go first.
    if (count >= atMost) return { count, isDone: true }
    if (count >= maxRows || performance.now() >= end) return { count, isDone: false }
    const limit = Math.min(size, maxRows - count)
    const { read, indexed } = await db.transaction(tx => indexBatch(tx, limit))
    count += indexed
    if (indexed === read && read < limit) return { count, isDone: true }
    // Long texts fill a batch early: what is read beyond that is read again.
    size = indexed < read ? indexed : Math.min(2 * size, maxBatchRows)
  }
}

/**
 * How many changes the log may hold: it has no gaps but those that others have made by indexing. Events that were
 * appended since the last indexing will join it.
 */
async function countAtMost(db: Db): Promise<number> {
  const [row] = await db.all<{ count: number }>(
    sql`select coalesce((select max(id) from hivewax_find_changes)
                        - (select min(id) from hivewax_find_changes) + 1, 0)
             + coalesce((select max(id) from events) - ${eventsMarked}, 0) as count`,
  )
  return row?.count ?? 0
}

/** The event up to which the log of changes knows all: appending an event, which is frequent, need not mark it. */
const eventsMarked = sql`(select value from hivewax_counters where name = 'find_events')`

/** Marks the next events that were appended since. */
async function markEvents(tx: Db, limit: number): Promise<void> {
  const marked = await tx.all<{ ref: number }>(
    sql`insert into hivewax_find_changes (source, ref)
        select 'events', id from events where id > ${eventsMarked} order by id limit ${limit} returning ref`,
  )
  const last = marked.reduce((max, { ref }) => Math.max(max, Number(ref)), 0)
  await tx.all(
    sql`update hivewax_counters set value = ${last} where name = 'find_events' and value < ${last}`,
  )
}

async function indexBatch(tx: Db, limit: number): Promise<{ read: number; indexed: number }> {
  await takeTurn(tx)
  await markEvents(tx, limit)
  const changes = await readChanges(tx, limit)
  if (changes.length === 0) return { read: 0, indexed: 0 }
  const rows = await currentRows(tx, changes)
  const batch = fitting(changes, rows)
  for (const source of sources) await remove(tx, source, batch)
  for (const source of sources) await put(tx, source, entriesOf(source, batch, rows))
  const ids = batch.map(({ id }) => id)
  await tx.all(sql`delete from hivewax_find_changes where ${tx.dialect.inList(sql`id`, ids)}`)
  return { read: changes.length, indexed: batch.length }
}

/**
 * Keeps others from indexing until the transaction ends: one that had read an older text could put it into the index
 * after a newer one.
 */
async function takeTurn(tx: Db): Promise<void> {
  await tx.all(sql`update hivewax_counters set value = value where name = 'find_events'`)
}

async function readChanges(tx: Db, limit: number): Promise<Change[]> {
  const changes = await tx.all<Change>(
    sql`select id, source, ref from hivewax_find_changes order by id limit ${limit}`,
  )
  return changes.map(change => ({ ...change, ref: refIn(change) }))
}

function refIn({ source: name, ref }: Change): TextRef | null {
  const source = sources.find(source => source.name === name)
  return ref === null || source === undefined ? ref : source.toRef(ref)
}

/** The rows that still exist, by source and id. */
type Rows = ReadonlyMap<TextSource, ReadonlyMap<TextRef | null, SourceRow>>

async function currentRows(tx: Db, changes: readonly Change[]): Promise<Rows> {
  const rows = new Map<TextSource, ReadonlyMap<TextRef, SourceRow>>()
  for (const source of sources) {
    const refs = refsOf(source, changes)
    if (refs.length > 0) rows.set(source.name, await readRows(tx, source, refs))
  }
  return rows
}

/** As many of the changes as make a batch: the oldest, at least one. */
function fitting(changes: readonly Change[], rows: Rows): readonly Change[] {
  let length = 0
  const end = changes.findIndex(({ source, ref }, i) => {
    length += textLength(rows.get(source)?.get(ref))
    return length > maxBatchLength && i > 0
  })
  return end === -1 ? changes : changes.slice(0, end)
}

function textLength(row: SourceRow | undefined): number {
  return [row?.body, row?.more, row?.rest].reduce((sum, text) => sum + (text?.length ?? 0), 0)
}

/**
 * The records of a source among the changes, each once; a row of another program may have a null for its id.
 */
function refsOf({ name }: Source, changes: readonly Change[]): TextRef[] {
  const refs = changes.filter(({ source }) => source === name).map(({ ref }) => ref)
  return [...new Set(refs)].filter(ref => ref !== null)
}

async function remove(tx: Db, source: Source, batch: readonly Change[]): Promise<void> {
  const refs = refsOf(source, batch)
  if (refs.length === 0) return
  for (const statement of tx.dialect.fullText.remove(source.name, refs)) await tx.all(statement)
}

/** The records of a source among the changes that still exist. */
function entriesOf(source: Source, batch: readonly Change[], rows: Rows): TextEntry[] {
  const present = refsOf(source, batch).map(ref => rows.get(source.name)?.get(ref))
  return present.filter(row => row !== undefined).map(row => entryOf(source, row))
}

async function put(tx: Db, source: Source, entries: readonly TextEntry[]): Promise<void> {
  if (entries.length === 0) return
  for (const statement of tx.dialect.fullText.put(source.name, entries)) await tx.all(statement)
}

function entryOf(source: Source, row: SourceRow): TextEntry {
  return {
    ref: row.ref,
    expiresAt: row.expires_at,
    scope: source.hasNamespace ? scopeTerm(row.owner ?? '') : '',
    title: textTerms(source.title(row)),
    body: textTerms(bodyText(row)),
  }
}
