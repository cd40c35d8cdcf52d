import type { Context } from '../context.ts'
import { type Batch, follow } from '../db/follow.ts'
import { type EncodedEvent, type EventRow, insertEvents } from '../db/outbox.ts'
import { theRow } from '../db/rows.ts'
import { type Sql, sql } from '../db/sql.ts'
import { checkInteger, checkName, checkOneOf } from '../util/check.ts'
import type { Duration } from '../util/duration.ts'
import { decodeLoose, encodeJson, type Json } from '../util/json.ts'
import { cursorPosition, type Page, type PageOptions, pageLimit, toPage } from '../util/page.ts'
import { checkTime, toDate } from '../util/time.ts'
import { columns, conjunction, lastToPrune, matching, pruneBatch, readBounds, readEvents } from './log.ts'

/** An event of the log. */
export interface EventRecord {
  /** Rises with every event, in the order of commits: once an event was seen, none with a lower id appears. */
  id: number
  type: string
  source: string
  /** Undefined when the event was logged without data. */
  data: Json | undefined
  timestamp: Date
}

export interface NewEvent {
  type: string
  /** Who says so. Default: the handle's agent, else `system`. */
  source?: string | undefined
  data?: unknown
}

export interface EventFilter {
  /** Only events of these types. */
  types?: readonly string[] | undefined
  /** Only events of this source. */
  source?: string | undefined
}

export interface ListEventsOptions extends EventFilter, PageOptions {
  /** Only events after this id. */
  since?: number | undefined
  /** Only events up to this id, itself included. */
  until?: number | undefined
  /** Only events logged at this time or later. */
  from?: Date | undefined
  /** Only events logged before this time. */
  to?: Date | undefined
  /** By rising id (`asc`, the default) or by falling id (`desc`). */
  order?: 'asc' | 'desc' | undefined
}

export interface SubscribeOptions extends EventFilter {
  /** Start after this id. Default: with the next event logged after the call. */
  since?: number | undefined
  /** Remember under this name how far the consumer has got, and go on from there. */
  group?: string | undefined
  /** Ends the subscription, without an error. */
  signal?: AbortSignal | undefined
}

/** How far a group of consumers has got. */
export interface ConsumerGroup {
  group: string
  /** The id of the last event that was handled. */
  position: number
  updatedAt: Date
}

/** What to prune: exactly one of the two. */
export interface PruneOptions {
  /** Events older than this; a length of time such as `30d`. */
  olderThan?: Duration | undefined
  /** All but this many of the newest events. */
  keep?: number | undefined
}

interface GroupRow {
  group_name: string
  position: number
  updated_at: string
}

/** Events per read of a subscription: few enough to keep large ones out of memory. */
const batchSize = 100

/** How many events of other types a group passes over before it notes that it did. */
const skipSize = 1000

/** The event log: appended by all, read in one order by all. Events are kept until they are pruned. */
export class Events {
  readonly #context: Context

  constructor(context: Context) {
    this.#context = context
  }

  /** Appends an event. */
  async log(event: NewEvent): Promise<EventRecord> {
    return fromRow(theRow(await insertEvents(this.#context.db, [this.#encode(event)])))
  }

  /** Appends many events in one transaction, in the order given: all of them, or none when one is refused. */
  async logMany(events: readonly NewEvent[]): Promise<EventRecord[]> {
    const encoded = events.map(event => this.#encode(event))
    return (await this.#context.db.transaction(tx => insertEvents(tx, encoded))).map(fromRow)
  }

  /** The event with this id, or undefined when there is none (any more). */
  async get(id: number): Promise<EventRecord | undefined> {
    const [row] = await this.#context.db.all<EventRow>(
      sql`select ${columns} from events where id = ${checkInteger('id', id, 1)}`,
    )
    return row && fromRow(row)
  }

  /**
   * Events by id, rising or falling.
   * @throws NotFound `compacted`, with the floor, when events that should follow `since` or the cursor were pruned
   */
  async list(options: ListEventsOptions = {}): Promise<Page<EventRecord>> {
    const limit = pageLimit(options.limit)
    const order = checkOneOf('order', options.order ?? 'asc', ['asc', 'desc'])
    const position = cursorPosition(options.cursor, 1)?.[0]
    const passed = position === undefined ? undefined : checkInteger('cursor', position, 0)
    const since = options.since === undefined ? undefined : checkInteger('since', options.since, 0)
    const where = [...matching(options), ...within(options)]
    if (order === 'desc' && passed !== undefined) where.push(sql`id < ${passed}`)
    const after = order === 'asc' ? (passed ?? since) : since
    const { rows } = await readEvents(this.#context.db, where, { after, order, limit: limit + 1 })
    return toPage(rows, limit, fromRow, row => [row.id])
  }

  /** The newest event that the filter accepts, or undefined when there is none. */
  async latest(filter: EventFilter = {}): Promise<EventRecord | undefined> {
    return (await this.list({ ...filter, order: 'desc', limit: 1 })).items[0]
  }

  /** How many events the filter accepts. */
  async count(filter: EventFilter = {}): Promise<number> {
    const rows = await this.#context.db.all<{ count: number }>(
      sql`select count(*) as count from events where ${conjunction(matching(filter))}`,
    )
    return theRow(rows).count
  }

  /**
   * Events as they are logged, by any process, in the order of their ids, each once, until `signal` aborts. What
   * is returned can be iterated once, and not inside a transaction; closing the memory ends it with Closed.
   *
   * With a `group` the subscription goes on where the group left off; `since` says where a new group starts. An
   * event counts as handled when the consumer asks for the next one: after a crash, or after leaving the loop,
   * the last one is delivered again. To have its effects exactly once, commit it in their transaction; what
   * {@link commit} answers tells a consumer that another one of its group was faster:
   * `memory.transaction(async tx => { if (await tx.events.commit(group, event.id)) … })`.
   * @throws NotFound `compacted`, with the floor, when events that should follow were pruned
   */
  subscribe(options: SubscribeOptions = {}): AsyncIterable<EventRecord> {
    const since = options.since === undefined ? undefined : checkInteger('since', options.since, 0)
    const group = options.group === undefined ? undefined : checkName('group', options.group)
    const where = matching(options)
    const start = this.#start(since, group)
    // Whoever iterates is told; whoever never does has not asked.
    start.catch(() => {})
    return this.#deliver(start, where, { ...options, group })
  }

  /**
   * Notes that `group` has handled every event up to `id`. Offsets only move forward.
   * @returns false when the group was there already: somebody has handled the event before
   */
  async commit(group: string, id: number): Promise<boolean> {
    checkName('group', group)
    checkInteger('id', id, 0)
    const moved = await this.#context.db.all(
      sql`insert into hivewax_event_offsets (group_name, position, updated_at)
          values (${group}, ${id}, ${this.#context.db.dialect.now()})
          on conflict (group_name) do update set position = excluded.position, updated_at = excluded.updated_at
          where hivewax_event_offsets.position < excluded.position
          returning position`,
    )
    return moved.length > 0
  }

  /** The id of the last event that `group` has handled, or undefined when there is no such group. */
  async offset(group: string): Promise<number | undefined> {
    const [row] = await this.#context.db.all<GroupRow>(
      sql`select position from hivewax_event_offsets where group_name = ${checkName('group', group)}`,
    )
    return row?.position
  }

  /** The groups and how far they have got, by name. */
  async groups(options: PageOptions = {}): Promise<Page<ConsumerGroup>> {
    const limit = pageLimit(options.limit)
    const [after = ''] = cursorPosition(options.cursor, 1) ?? []
    const rows = await this.#context.db.all<GroupRow>(
      sql`select group_name, position, updated_at from hivewax_event_offsets
          where group_name > ${after} order by group_name limit ${limit + 1}`,
    )
    return toPage(rows, limit, fromGroupRow, row => [row.group_name])
  }

  /** Forgets a group and its position. False when there was none. */
  async deleteGroup(group: string): Promise<boolean> {
    const deleted = await this.#context.db.all(
      sql`delete from hivewax_event_offsets where group_name = ${checkName('group', group)} returning 1 as deleted`,
    )
    return deleted.length > 0
  }

  /**
   * Deletes old events, oldest first, up to the first one to be kept. Whoever then reads on from before the floor
   * is told so by NotFound `compacted`; consumer groups do not hold events back.
   * @returns how many were deleted, and the floor: the highest id that was ever pruned
   */
  async prune(options: PruneOptions): Promise<{ deleted: number; floor: number }> {
    const { db } = this.#context
    const last = await lastToPrune(db, options)
    let deleted = 0
    for (;;) {
      const batch = await db.transaction(tx => pruneBatch(tx, last))
      deleted += batch.deleted
      if (batch.isLast) return { deleted, floor: (await readBounds(db)).floor }
    }
  }

  #encode({ type, source = this.#context.agentId ?? 'system', data }: NewEvent): EncodedEvent {
    return {
      type: checkName('type', type),
      source: checkName('source', source),
      data: data === undefined ? null : encodeJson('data', data, this.#context.maxValueBytes),
    }
  }

  /** Where a subscription begins. A new group is noted at once, so that it misses nothing from here on. */
  async #start(since: number | undefined, group: string | undefined): Promise<number> {
    const { db } = this.#context
    const start = since ?? (await readBounds(db)).head
    if (group === undefined) return start
    await db.all(
      sql`insert into hivewax_event_offsets (group_name, position, updated_at)
          values (${group}, ${start}, ${db.dialect.now()})
          on conflict (group_name) do nothing`,
    )
    return (await this.offset(group)) ?? start
  }

  async *#deliver(
    start: Promise<number>,
    where: readonly Sql[],
    { group, signal }: SubscribeOptions,
  ): AsyncGenerator<EventRecord, void, undefined> {
    let noted = await start
    const read = async (after: number): Promise<Batch<EventRecord>> => {
      const batch = await this.#next(where, after)
      // A group whose types are rare moves on too: else it would fall behind the floor with nothing to handle.
      if (group !== undefined && batch.items.length === 0 && batch.cursor - noted >= skipSize) {
        noted = batch.cursor
        await this.commit(group, noted)
      }
      return batch
    }
    for await (const event of follow(noted, read, signal)) {
      yield event
      noted = event.id
      if (group !== undefined) await this.commit(group, noted)
    }
  }

  async #next(where: readonly Sql[], after: number): Promise<Batch<EventRecord>> {
    const slice = { after, order: 'asc', limit: batchSize } as const
    const { rows, head } = await readEvents(this.#context.db, where, slice)
    const last = rows.length < batchSize ? undefined : rows.at(-1)
    return { items: rows.map(fromRow), cursor: last?.id ?? Math.max(after, head), more: last !== undefined }
  }
}

function within({ until, from, to }: ListEventsOptions): Sql[] {
  const where: Sql[] = []
  if (until !== undefined) where.push(sql`id <= ${checkInteger('until', until, 0)}`)
  if (from !== undefined) where.push(sql`timestamp >= ${checkTime('from', from)}`)
  if (to !== undefined) where.push(sql`timestamp < ${checkTime('to', to)}`)
  return where
}

function fromRow(row: EventRow): EventRecord {
  return {
    id: row.id,
    type: row.type,
    source: row.source,
    data: row.data === null ? undefined : decodeLoose(row.data),
    timestamp: toDate(row.timestamp),
  }
}

function fromGroupRow(row: GroupRow): ConsumerGroup {
  return { group: row.group_name, position: row.position, updatedAt: toDate(row.updated_at) }
}
