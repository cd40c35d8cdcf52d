import { setTimeout as sleep } from 'node:timers/promises'
import type { Db } from '../db/db.ts'
import type { AbortableOptions } from '../db/engine.ts'
import type { TextEntry, TextRef, TextSource } from '../db/fulltext.ts'
import { sql } from '../db/sql.ts'
import { type Change, countPending, eventsMarked, readChanges } from './changes.ts'
import { entryOf, readRows, type Source, type SourceRow, sources, textLength } from './sources.ts'

/**
 * How much one transaction indexes: with either, it holds the event loop and other writers for some 20 ms.
 */
const maxBatchRows = 250
const maxBatchLength = 64 * 1024

/** How long to leave the index to another process that is at it, in milliseconds. */
const othersTurnMs = 50

export interface IndexOptions {
  /** Stop after this many changes. */
  maxRows?: number | undefined
  /** Start no further batch after this time, in milliseconds. */
  maxMs?: number | undefined
  /** See {@link DbTransactionOptions.atOnce}. */
  atOnce?: boolean | undefined
}

export interface Indexed {
  /** How many changes were taken from the log. */
  count: number
  /** True when every change that was committed before the call is in the index. */
  isDone: boolean
}

/**
 * Brings the full-text index up to date with the log of changes, oldest first, a batch in each transaction, and leaves
 * others as much time to write after each batch as it took. Stops where another process is indexing. The log grows by
 * some 30 bytes with every write until a process does.
 */
export async function indexPending(db: Db, options: IndexOptions = {}): Promise<Indexed> {
  const { maxRows = Number.POSITIVE_INFINITY, maxMs = Number.POSITIVE_INFINITY, atOnce = false } = options
  const end = performance.now() + maxMs
  const { changes, events } = await countPending(db)
  let size = maxBatchRows
  for (let count = 0; ; ) {
    // When as many were taken as there were, all of those were, by us or by others: the oldest go first.
    if (count >= changes + events) return { count, isDone: true }
    if (count >= maxRows || performance.now() >= end) return { count, isDone: false }
    const limit = Math.min(size, maxRows - count)
    const batch = await inTransaction(db, limit, atOnce)
    if (batch === undefined) return { count, isDone: false }
    const { read, indexed } = batch
    count += indexed
    if (indexed === read && read < limit) return { count, isDone: true }
    // Long texts fill a batch early: what is read beyond that is read again.
    size = indexed < read ? indexed : Math.min(2 * size, maxBatchRows)
    await sleep(batch.durationMs)
  }
}

/** Indexes all that waits, and takes turns with other processes that do. */
export async function indexAll(db: Db, { signal, onProgress }: AbortableOptions): Promise<void> {
  const { changes, events } = await countPending(db)
  for (let done = 0; ; ) {
    signal?.throwIfAborted()
    const { count, isDone } = await indexPending(db, { maxRows: maxBatchRows })
    done += count
    onProgress?.({ step: 'index', fraction: isDone ? 1 : Math.min(1, done / (changes + events)) })
    if (isDone) return
    if (count === 0) await sleep(othersTurnMs)
  }
}

interface Batch {
  /** How many changes were read, and of how many of them the index has taken in the text. */
  read: number
  indexed: number
}

/** Undefined when another process is indexing. */
async function inTransaction(
  db: Db,
  limit: number,
  atOnce: boolean,
): Promise<(Batch & { durationMs: number }) | undefined> {
  let startedAt = 0
  const index = async (tx: Db) => {
    startedAt = performance.now()
    return (await takeTurn(tx)) ? indexBatch(tx, limit) : undefined
  }
  const batch = await db.transaction(index, { atOnce })
  return batch && { ...batch, durationMs: performance.now() - startedAt }
}

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

async function indexBatch(tx: Db, limit: number): Promise<Batch> {
  await markEvents(tx, limit)
  const changes = await readChanges(tx, 'oldest', limit)
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
 * after a newer one. False when another one is at it.
 */
async function takeTurn(tx: Db): Promise<boolean> {
  const turn = await tx.all(
    sql`select 1 as mine from hivewax_counters where name = 'find_events' ${tx.dialect.skipLocked}`,
  )
  return turn.length > 0
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
    const row = rows.get(source)?.get(ref)
    length += row === undefined ? 0 : textLength(row)
    return length > maxBatchLength && i > 0
  })
  return end === -1 ? changes : changes.slice(0, end)
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
