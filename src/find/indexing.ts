import { setTimeout as sleep } from 'node:timers/promises'
import type { Db } from '../db/db.ts'
import type { AbortableOptions } from '../db/engine.ts'
import type { TextEntry, TextRef, TextSource } from '../db/fulltext.ts'
import { sql } from '../db/sql.ts'
import { inBatches } from '../util/in-batches.ts'
import { type Change, countPending, eventsMarked, readChanges } from './changes.ts'
import { PreparedEntries } from './prepared-entries.ts'
import { readRows, type Source, type SourceRow, sources } from './sources.ts'

/** How much one transaction indexes at most: it holds other writers for some 50 ms, and the event loop for half of that. */
const maxBatchRows = 2_000

/** How long to leave the index to another process that is at it, in milliseconds. */
const othersTurnMs = 50

export interface IndexOptions {
  /** Stop after this many changes. */
  maxRows?: number | undefined
  /** Start no further batch after this time, in milliseconds. */
  maxMs?: number | undefined
  /** See {@link DbTransactionOptions.atOnce}. */
  atOnce?: boolean | undefined
  /** Ends it between two batches. */
  signal?: AbortSignal | undefined
  /** Hears how many changes were taken so far. */
  onCount?: ((count: number) => void) | undefined
}

export interface Indexed {
  /** How many changes were taken from the log. */
  count: number
  /** True when every change that was committed before the call is in the index. */
  isDone: boolean
}

/** How many changes wait to be indexed, at most. */
export async function pendingCount(db: Db): Promise<number> {
  const { changes, events } = await countPending(db)
  return changes + events
}

/**
 * Brings the full-text index up to date with the log of changes, oldest first, a batch in each transaction. Stops where
 * another process is indexing. The log grows by some 30 bytes with every write until a process does.
 */
export async function indexPending(db: Db, options: IndexOptions = {}): Promise<Indexed> {
  const { maxRows = Number.POSITIVE_INFINITY, maxMs = Number.POSITIVE_INFINITY, signal } = options
  const end = performance.now() + maxMs
  const pending = await pendingCount(db)
  const prepared = new PreparedEntries()
  let [count, size, isDone] = [0, 0, false]
  const prepare = async () => {
    size = await prepared.prepare(db, Math.min(maxBatchRows, maxRows - count))
  }
  const batch = async () => {
    signal?.throwIfAborted()
    // When as many were taken as there were, all of those were, by us or by others: the oldest go first.
    isDone ||= count >= pending
    if (isDone || count >= maxRows || performance.now() >= end) return { count: 0, isLast: true }
    const taken = await inTransaction(db, { limit: size, prepared, atOnce: options.atOnce })
    if (taken === undefined) return { count: 0, isLast: true }
    count += taken.count
    isDone = taken.count < size
    options.onCount?.(count)
    return { count: taken.count, isLast: isDone, heldMs: taken.heldMs }
  }
  if (pending > 0 && maxMs > 0) await prepare()
  await inBatches(batch, prepare)
  return { count, isDone }
}

/** Indexes all that waits, and takes turns with other processes that do. */
export async function indexAll(db: Db, { signal, onProgress }: AbortableOptions): Promise<void> {
  const pending = await pendingCount(db)
  for (let done = 0; ; ) {
    const report = (count: number, isDone = false) =>
      onProgress?.({
        step: 'index',
        fraction: isDone ? 1 : Math.min(1, (done + count) / pending),
      })
    const { count, isDone } = await indexPending(db, { signal, onCount: report })
    report(count, isDone)
    if (isDone) return
    done += count
    if (count === 0) await sleep(othersTurnMs)
  }
}

interface Batch {
  /** How many changes the index takes in. */
  readonly limit: number
  readonly prepared: PreparedEntries
  readonly atOnce: boolean | undefined
}

/** Undefined when another process is indexing. */
async function inTransaction(
  db: Db,
  { limit, prepared, atOnce = false }: Batch,
): Promise<{ count: number; heldMs: number } | undefined> {
  let startedAt = 0
  const index = async (tx: Db) => {
    startedAt = performance.now()
    return (await takeTurn(tx)) ? indexBatch(tx, limit, prepared) : undefined
  }
  const count = await db.transaction(index, { atOnce })
  return count === undefined ? undefined : { count, heldMs: performance.now() - startedAt }
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

/** @returns how many changes the index has taken in */
async function indexBatch(tx: Db, limit: number, prepared: PreparedEntries): Promise<number> {
  await markEvents(tx, limit)
  const changes = await readChanges(tx, 'oldest', limit)
  if (changes.length === 0) return 0
  const rows = await currentRows(tx, changes)
  for (const source of sources) await remove(tx, source, changes)
  for (const source of sources) await put(tx, source, entriesOf(source, { changes, rows, prepared }))
  const ids = changes.map(({ id }) => id)
  await tx.all(sql`delete from hivewax_find_changes where ${tx.dialect.inList(sql`id`, ids)}`)
  return changes.length
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
function entriesOf(
  source: Source,
  { changes, rows, prepared }: { changes: readonly Change[]; rows: Rows; prepared: PreparedEntries },
): TextEntry[] {
  const present = refsOf(source, changes).map(ref => rows.get(source.name)?.get(ref))
  return present.filter(row => row !== undefined).map(row => prepared.of(source, row))
}

async function put(tx: Db, source: Source, entries: readonly TextEntry[]): Promise<void> {
  if (entries.length === 0) return
  for (const statement of tx.dialect.fullText.put(source.name, entries)) await tx.all(statement)
}
