import type { Context } from '../context.ts'
import { type Author, decodeAuthor } from '../db/author.ts'
import { batchCalls } from '../db/batch-calls.ts'
import { verified } from '../db/checksums.ts'
import { type EncodedEvent, type EventRow, insertEvents } from '../db/event-log.ts'
import type { Batch } from '../db/follow.ts'
import { checkLeaseMs } from '../db/lease.ts'
import { theRow } from '../db/rows.ts'
import { keepTallyUp } from '../db/tallies.ts'
import { checkInteger, checkName, checkOneOf } from '../util/check.ts'
import { decodeLoose, encodeJson, type Json } from '../util/json.ts'
import { cursorPosition, type Page, type PageOptions, pageLimit, toPage } from '../util/page.ts'
import { toDate } from '../util/time.ts'
import {
  type ConsumerGroup,
  commitHeld,
  commitOffset,
  deleteGroup,
  type GroupRequest,
  listGroups,
  noteGroup,
  readOffset,
  seekOffset,
} from './consumer-groups.ts'
import { type EventFilter, type EventRange, type Filter, filterOf } from './filter.ts'
import { countEvents, readBounds, readEvent, readEvents, readStretch } from './log.ts'
import { checkEvents } from './option-names.ts'
import { type PruneOptions, prune } from './prune-events.ts'
import { checkEventType } from './reserved-types.ts'
import { type Seal, seal, type Verification, type VerifyOptions, verify } from './seal.ts'
import { Subscription } from './subscription.ts'

/** An event of the log. */
export interface EventRecord {
  /** Rises with every event, in the order of commits: once an event was seen, none with a lower id appears. */
  id: number
  type: string
  source: string
  /** Undefined when the event was logged without data. */
  data: Json | undefined
  timestamp: Date
  /** Who logged it, or did what it tells of, as the store knows it; undefined when that is not known. */
  author: Author | undefined
}

export interface NewEvent {
  /** Any but those of the store itself, which begin with `task.`, `agent.`, `token.` and the like. */
  type: string
  /** Who says so. Default: the handle's agent, else `system`. */
  source?: string | undefined
  data?: unknown
}

export interface ListEventsOptions extends EventRange, PageOptions {
  /** Only events after this id. */
  since?: number | undefined
  /** By rising id (`asc`, the default) or by falling id (`desc`). */
  order?: 'asc' | 'desc' | undefined
}

export interface SubscribeOptions extends EventFilter {
  /** Start after this id. Default: with the next event logged after the call. */
  since?: number | undefined
  /** Share the events with others of this name, and remember under it how far they were handled. */
  group?: string | undefined
  /**
   * With a group: how long this consumer may go without renewing its lease before another one takes over, 1 ms to a day,
   * default 10,000 ms. It gives one by itself, for as long as its process runs.
   */
  leaseMs?: number | undefined
  /** With a group: the name that `groups` shows. Default: the handle's agent, else an id of the process. */
  consumer?: string | undefined
  /** Ends the subscription, without an error. */
  signal?: AbortSignal | undefined
}

/** Events per read of a subscription: few enough to keep large ones out of memory. */
const batchSize = 100

const defaultGroupLeaseMs = 10_000

/** The event log: appended by all, read in one order by all. Events are kept until they are pruned. */
export class Events {
  readonly #context: Context
  readonly #insert: (events: EncodedEvent[]) => Promise<EventRow[]>

  constructor(context: Context) {
    this.#context = context
    this.#insert = batchCalls(context, { run: lists => this.#append(lists), weigh: list => list.length })
  }

  /** Appends an event. */
  async log(event: NewEvent): Promise<EventRecord> {
    checkEvents.log(event)
    return theRow(await this.#log([event]))
  }

  /** Appends many events in one transaction, in the order given: all of them, or none when one is refused. */
  async logMany(events: readonly NewEvent[]): Promise<EventRecord[]> {
    checkEvents.logMany(events)
    return this.#log(events)
  }

  /** The event with this id, or undefined when there is none (any more). */
  async get(id: number): Promise<EventRecord | undefined> {
    const row = await readEvent(this.#context.db, checkInteger('id', id, 1))
    return row && fromRow(row)
  }

  /**
   * Events by id, rising or falling.
   * @throws NotFound `compacted`, with the floor, when events that should follow `since` or the cursor were pruned
   */
  async list(options: ListEventsOptions = {}): Promise<Page<EventRecord>> {
    checkEvents.list(options)
    const { db } = this.#context
    const limit = pageLimit(options.limit)
    const order = checkOneOf('order', options.order ?? 'asc', ['asc', 'desc'])
    const position = cursorPosition(options.cursor, 1)?.[0]
    const passed = position === undefined ? undefined : checkInteger('cursor', position, 0)
    const given = options.since === undefined ? undefined : checkInteger('since', options.since, 0)
    const since = order === 'asc' ? (passed ?? given) : given
    const end = options.until === undefined ? undefined : checkInteger('until', options.until, 0) + 1
    const before = order === 'desc' ? (passed ?? end) : end
    const wanted = { since, after: since, before, order, limit: limit + 1, signal: options.signal }
    const rows = await readEvents(db, filterOf(db.dialect, options), wanted)
    return toPage(rows, limit, { item: fromRow, position: row => [row.id] })
  }

  /** The newest event that the filter accepts, or undefined when there is none. */
  async latest(filter: EventFilter = {}): Promise<EventRecord | undefined> {
    checkEvents.latest(filter)
    return (await this.list({ ...filter, order: 'desc', limit: 1 })).items[0]
  }

  /** How many events the filter accepts. Of types it is kept how many there are; by their source they are counted. */
  async count(filter: EventFilter = {}): Promise<number> {
    checkEvents.count(filter)
    const { db, storeDb } = this.#context
    await keepTallyUp(storeDb, 'events')
    return countEvents(db, filterOf(db.dialect, filter))
  }

  /**
   * Events as they are logged, by any process, in the order of their ids, each once, until `signal` aborts. What
   * is returned can be iterated once, and not inside a transaction; closing the memory ends it with Closed.
   *
   * With a `group` the subscription goes on where the group left off; `since` says where a new group starts. Of
   * the consumers of a group one gets the events, in order; the others, of whichever process, wait until it leaves
   * the loop, or does not renew its lease for `leaseMs`, and then go on after the last event that it handled. An
   * event counts as handled when the consumer asks for the next one: after a crash, or after leaving the loop,
   * the last one is delivered again. To have its effects exactly once, commit it in their transaction:
   * ```
   * const mails = memory.events.subscribe({ group: 'mailer' })
   * for await (const event of mails) {
   *   await memory.transaction(async tx => {
   *     if (await tx.events.commit('mailer', event.id, mails)) await tx.store(…)
   *   })
   * }
   * ```
   * @throws NotFound `compacted`, with the floor, when events that should follow were pruned
   * @throws Conflict `stale_token` when another consumer took over meanwhile, for this process had come to a halt;
   *   or when a caller used {@link seek} or {@link deleteGroup}
   */
  subscribe(options: SubscribeOptions = {}): Subscription<EventRecord> {
    checkEvents.subscribe(options)
    const { db, closing } = this.#context
    const since = options.since === undefined ? undefined : checkInteger('since', options.since, 0)
    const request = this.#request(options)
    const filter = filterOf(db.dialect, options)
    const start = this.#start(since, request?.group)
    // An iterator gets the error; without one no caller waits for it.
    start.catch(() => {})
    const read = (after: number) => this.#next(filter, after)
    return new Subscription({ db, closing, start, read, signal: options.signal }, request)
  }

  /**
   * Notes that `group` has handled every event up to `id`. Offsets only move forward; see {@link seek}.
   * @param options the `token` of the consumer: its subscription has it, and can be passed as it is. Then nothing
   *   is noted once another consumer has taken over.
   * @returns false when the group was there already: the event was handled before
   * @throws Conflict `stale_token` when another consumer got the group's events after this token
   */
  async commit(group: string, id: number, options: { token?: number | undefined } = {}): Promise<boolean> {
    checkEvents.commit(options)
    const { token } = options
    checkName('group', group)
    checkInteger('id', id, 0)
    const { db } = this.#context
    if (token === undefined) return commitOffset(db, group, id)
    return commitHeld(db, { group, token: checkInteger('token', token, 0) }, id)
  }

  /**
   * Moves a group to an id of your choice, also back: its next event is the one after `id`. A consumer that is at
   * work ends with Conflict `stale_token`, and what it has begun is not noted any more.
   */
  async seek(group: string, id: number): Promise<void> {
    await seekOffset(this.#context.db, checkName('group', group), checkInteger('id', id, 0))
  }

  /** The id of the last event that `group` has handled, or undefined when there is no such group. */
  async offset(group: string): Promise<number | undefined> {
    return readOffset(this.#context.db, checkName('group', group))
  }

  /** The groups, how far they have got, and who consumes, by name. */
  async groups(options: PageOptions = {}): Promise<Page<ConsumerGroup>> {
    checkEvents.groups(options)
    return listGroups(this.#context.db, options)
  }

  /** Forgets a group and its position; a consumer that is at work ends. False when there was none. */
  async deleteGroup(group: string): Promise<boolean> {
    return deleteGroup(this.#context.db, checkName('group', group))
  }

  /**
   * Deletes old events, oldest first, up to the first one to be kept. Reading on from before the floor
   * then fails with NotFound `compacted`; consumer groups do not hold events back.
   * @returns how many were deleted, and the floor: the highest id that was ever pruned
   */
  async prune(options: PruneOptions): Promise<{ deleted: number; floor: number }> {
    checkEvents.prune(options)
    return prune(this.#context.db, options)
  }

  /**
   * Seals the log: from the next event on, whichever process appends it, each is stored with a hash that covers it
   * and all sealed before it, so that {@link verify} can tell whether the log is still what was written. Cannot be
   * undone; a backup from before brings the log back without. Appending then takes nearly twice as long. Calling it
   * again changes nothing.
   * @returns the newest hash
   */
  async seal(): Promise<Seal> {
    return seal(this.#context.db)
  }

  /**
   * Compares a sealed log with its hashes: finds an event that was changed, deleted other than by {@link prune},
   * inserted, exchanged with another, or appended by SQL of others. Reads it in slices, so that no writer waits.
   *
   * What the store alone cannot show: that a writer of the store made all hashes anew, cut off the
   * newest events together with theirs, or passed a deletion off as a prune. Against that, keep `head` elsewhere
   * from time to time, and look whether `verify({ to: head.id })` still gives its hash.
   * @throws NotFound when the log is not sealed
   */
  async verify(options: VerifyOptions = {}): Promise<Verification> {
    checkEvents.verify(options)
    return verify(this.#context.db, options)
  }

  async #log(events: readonly NewEvent[]): Promise<EventRecord[]> {
    return (await this.#insert(events.map(event => this.#encode(event)))).map(fromRow)
  }

  async #append(lists: EncodedEvent[][]): Promise<EventRow[][]> {
    const rows = await insertEvents(this.#context.db, lists.flat())
    return lists.map(list => rows.splice(0, list.length))
  }

  #encode({ type, source = this.#context.agentId ?? 'system', data }: NewEvent): EncodedEvent {
    return {
      type: checkEventType(type),
      source: checkName('source', source),
      data: data === undefined ? null : encodeJson('data', data, this.#context.maxValueBytes),
    }
  }

  #request({ group, consumer, leaseMs = defaultGroupLeaseMs }: SubscribeOptions): GroupRequest | undefined {
    const name = consumer ?? this.#context.agentId ?? `process-${process.pid}`
    const request = { consumer: checkName('consumer', name), leaseMs: checkLeaseMs(leaseMs) }
    return group === undefined ? undefined : { group: checkName('group', group), ...request }
  }

  /** Where a subscription begins. A new group is noted at once, so that it misses nothing from here on. */
  async #start(since: number | undefined, group: string | undefined): Promise<number> {
    const { db } = this.#context
    const start = since ?? (await db.readBeforeWrites(() => readBounds(db))).head
    if (group !== undefined) await noteGroup(db, group, start)
    return start
  }

  async #next(filter: Filter, after: number): Promise<Batch<EventRecord>> {
    const wanted = { since: after, after, order: 'asc', limit: batchSize } as const
    const { rows, head, rest } = await readStretch(this.#context.db, filter, wanted)
    const last = rows.length < batchSize ? rest?.after : rows.at(-1)?.id
    return { items: rows.map(fromRow), cursor: last ?? Math.max(after, head), more: last !== undefined }
  }
}

function fromRow(row: EventRow): EventRecord {
  verified('events', row)
  return {
    id: row.id,
    type: row.type,
    source: row.source,
    data: row.data === null ? undefined : decodeLoose(row.data),
    timestamp: toDate(row.timestamp),
    author: decodeAuthor(row.author),
  }
}
