import type { Context } from '../context.ts'
import { damaged, isDamaged, verified } from '../db/checksums.ts'
import { checkLeaseMs, defaultLeaseMs, leaseEnd, leaseFor } from '../db/lease.ts'
import { asUpkeep, transactionWithEvents, writeWithEvents } from '../db/outbox.ts'
import { join, raw, type Sql, sql } from '../db/sql.ts'
import { InvalidInput } from '../errors.ts'
import { checkInteger, checkName, checkNames } from '../util/check.ts'
import { chunks } from '../util/chunks.ts'
import { defaultQueue, inLane, type Lane, readLane, readLaneTexts } from './lanes.ts'
import { failTask } from './outcome.ts'
import { isPlain, prepareQueue, type QueueState } from './queue.ts'
import { type FreeSlots, readFreeSlots } from './queue-limits.ts'
import { type ClaimedTask, columns, fromRow, isReady, namesIn, type TaskRow } from './task.ts'
import { taskEventsOf } from './task-events.ts'

export interface ClaimOptions {
  /** Who claims. Default: the handle's agent. */
  agentId?: string | undefined
  /** What the claimant can do. Default: what the agent was registered with. */
  capabilities?: readonly string[] | undefined
  /** Only tasks of these queues. Default: of all. */
  queues?: readonly string[] | undefined
  /** How many tasks at most: 1 to 1,000, default 1. */
  limit?: number | undefined
  /** How long the tasks are the claimant's unless it sends heartbeats: up to a day, default 30,000 ms. */
  leaseMs?: number | undefined
}

/** A checked claim. */
export interface Claim {
  agentId: string
  capabilities: readonly string[] | undefined
  queues: ReadonlySet<string> | undefined
  limit: number
  leaseMs: number
}

/** Tasks that one claim takes at most. */
const maxClaimed = 1_000

/** Lanes that one statement reads: engines take so many parts of a union, SQLite 500. */
const maxLanes = 100

/** A lane by the text of its column, and how many of its tasks may be claimed. */
interface OpenLane {
  text: string | undefined
  queue: string
  limit: number
}

/** Which heads of lanes are wanted. */
interface HeadsOptions {
  freeSlots: FreeSlots | undefined
  limit: number
  /** What makes a claim pass over rows that others hold; a peek locks none, and passes over none. */
  passOver: Sql
}

interface Head {
  id: string
  rank: number
  queue: string
}

interface ClaimedRow extends TaskRow {
  token: number
  rank: number
}

export function checkClaim(context: Context, options: ClaimOptions): Claim {
  const agentId = options.agentId ?? context.agentId
  if (agentId === undefined) {
    throw new InvalidInput('a claim needs an agentId: who will do the work', {
      hint: 'Pass agentId, or open the memory as an agent: openMemory(location, { agentId }).',
    })
  }
  return {
    agentId: checkName('agentId', agentId),
    capabilities: options.capabilities && checkNames('capabilities', options.capabilities),
    queues: options.queues && new Set(checkNames('queues', options.queues)),
    limit: checkInteger('limit', options.limit ?? 1, 1, maxClaimed),
    leaseMs: checkLeaseMs(options.leaseMs ?? defaultLeaseMs),
  }
}

/**
 * Claims up to `limit` tasks, the first in order, each with a new token. Mostly there is nothing but ready tasks in the
 * common lane, and one write takes them; where it gets none, the queue is brought up to date and looked through, and then
 * again when agents that hold tasks turn out to be dead.
 */
export async function claimTasks(context: Context, claim: Claim): Promise<ClaimedTask[]> {
  const rows = await claimRows(context, claim)
  const unsound = rows.filter(row => isDamaged('tasks', row))
  if (unsound.length === 0) return inOrder(rows, context, claim)
  await failDamaged(context, unsound)
  const sound = rows.filter(row => !unsound.includes(row))
  return sound.length === 0 ? claimTasks(context, claim) : inOrder(sound, context, claim)
}

async function claimRows(context: Context, claim: Claim): Promise<ClaimedRow[]> {
  const common = await claimCommon(context, claim)
  if (common.length > 0) return common
  const claimed = await claimReady(context, claim)
  if (claimed.length > 0 || !(await context.crossDomain.releaseLapsed(context))) return claimed
  return claimReady(context, claim)
}

/** What a damaged task asks for can be told by nobody: it fails, so that those behind it are claimed. */
async function failDamaged(context: Context, rows: readonly ClaimedRow[]): Promise<void> {
  await transactionWithEvents(context.db, async db => {
    for (const { id, token, ...row } of rows) {
      const { code, message } = damaged('tasks', { id, ...row })
      await failTask(asUpkeep({ ...context, db }), { id, token, error: { code, message }, retry: false })
    }
  })
}

/** Claims from the common lane, provided that there is nothing else to heed. */
async function claimCommon(context: Context, claim: Claim): Promise<ClaimedRow[]> {
  const { db } = context
  if (db.hints.hasLanesOrLimits || claim.queues?.has(defaultQueue) === false) return []
  const lane = { text: undefined, queue: defaultQueue, limit: claim.limit }
  const head = headOf(lane, db.dialect.skipLocked, isPlain(db))
  return take(context, claim, sql`select id from (${head}) as head`)
}

/** Claims from all lanes, once the queue is up to date. */
function claimReady(context: Context, claim: Claim): Promise<ClaimedRow[]> {
  return transactionWithEvents(context.db, async db => {
    const inside = { ...context, db }
    const state = await prepareQueue(inside)
    db.hints.hasLanesOrLimits = state.lanes + state.limits > 0
    const first = await headsFor(inside, claim, { state, lock: true })
    return first === undefined ? [] : take(inside, claim, first)
  })
}

/** Claims the tasks with these ids. */
function take(context: Context, claim: Claim, ids: Sql): Promise<ClaimedRow[]> {
  return writeWithEvents<ClaimedRow>(context.db, {
    write: claimOf(context, claim, ids),
    events: taskEventsOf(context, 'claimed', claimedData),
    isSingle: claim.limit === 1,
  })
}

const floor = sql`(select value from hivewax_counters where name = 'floor')`

function claimOf({ db: { dialect } }: Context, claim: Claim, first: Sql): Sql {
  const isOne = claim.limit === 1
  // Read once and for all: an engine may run a sub-select that passes over rows again for each row it updates.
  const chosen = isOne ? raw('') : sql`with chosen (id) as materialized (${first})`
  const isChosen = isOne ? sql`id = (${first})` : dialect.inQuery(sql`id`, sql`select id from chosen`)
  return sql`${chosen} update tasks set status = 'running', assigned_to = ${claim.agentId}, attempts = attempts + 1,
      token = case when ${floor} > token then ${floor} else token end + 1,
      ${leaseFor(dialect, claim.leaseMs)}, claimed_at = ${dialect.now()}, updated_at = ${dialect.now()}
    where ${isChosen} and status = 'pending'
    returning ${columns}, token, rank`
}

interface Look {
  state: QueueState
  /** Keeps others from the tasks, and from taking the free slots of limited queues, until the transaction ends. */
  lock: boolean
}

/** The ids of the first ready tasks for a claim; undefined when it is known already that there are none. */
export async function headsFor(
  context: Context,
  claim: Claim,
  { state, lock }: Look,
): Promise<Sql | undefined> {
  const freeSlots = state.limits === 1 ? await readFreeSlots(context.db, lock) : undefined
  const lanes = await openLanes(context, claim, state.lanes === 1)
  const heads: HeadsOptions = {
    freeSlots,
    limit: claim.limit,
    passOver: lock ? context.db.dialect.skipLocked : raw(''),
  }
  return firstInOrder(context, withinFreeSlots(lanes, freeSlots), heads)
}

/** The lanes of ready tasks that the claimant may take from. */
async function openLanes(context: Context, claim: Claim, hasLanes: boolean): Promise<OpenLane[]> {
  const texts = hasLanes ? await readLaneTexts(context.db) : []
  const isWanted = ({ queue }: Lane) => claim.queues?.has(queue) ?? true
  const lanes = [undefined, ...texts].map(text => ({ text, ...readLane(text) })).filter(isWanted)
  const able = lanes.some(lane => lane.requires.length > 0)
    ? new Set(claim.capabilities ?? (await registeredCapabilities(context, claim.agentId)))
    : new Set<string>()
  return lanes
    .filter(lane => lane.requires.every(name => able.has(name)))
    .map(({ text, queue }) => ({ text, queue, limit: claim.limit }))
}

async function registeredCapabilities({ db }: Context, agentId: string): Promise<string[]> {
  const [agent] = await db.all<{ capabilities: string | null }>(
    sql`select capabilities, capabilities_crc from agents where id = ${agentId}`,
  )
  return agent === undefined ? [] : namesIn(verified('agents', agent, { id: agentId }).capabilities)
}

/** Of lanes whose queue has a limit, no more than there are free slots. */
function withinFreeSlots(lanes: readonly OpenLane[], freeSlots: FreeSlots | undefined): readonly OpenLane[] {
  if (freeSlots === undefined) return lanes
  return lanes
    .map(lane => ({ ...lane, limit: Math.min(lane.limit, freeSlots.get(lane.queue) ?? lane.limit) }))
    .filter(lane => lane.limit > 0)
}

/** The ids of the first ready tasks of these lanes together; undefined when there are none. */
async function firstInOrder(
  context: Context,
  lanes: readonly OpenLane[],
  { freeSlots, limit, passOver }: HeadsOptions,
): Promise<Sql | undefined> {
  const [lane] = lanes
  if (lane === undefined) return undefined
  if (lanes.length === 1) return sql`select id from (${headOf(lane, passOver)}) as head`
  if (freeSlots === undefined && lanes.length <= maxLanes)
    return sql`select id from (${headsOf(lanes, passOver)}) as heads order by rank, id limit ${limit}`
  const heads: Head[] = []
  for (const part of chunks(lanes, maxLanes))
    heads.push(...(await context.db.all<Head>(headsOf(part, passOver))))
  const ids = idsWithinFreeSlots(heads, new Map(freeSlots)).slice(0, limit)
  if (ids.length === 0) return undefined
  const rows = ids.map(id => ({ id }))
  return sql`select id from ${context.db.dialect.valuesTable({ id: 'text' }, rows)} as heads`
}

function headsOf(lanes: readonly OpenLane[], passOver: Sql): Sql {
  const heads = lanes.map(lane => sql`select * from (${headOf(lane, passOver)}) as head`)
  return join(heads, ' union all ')
}

/**
 * The first tasks of a lane. They lie in the index in their order: reading the heads of lanes, and nothing of what
 * the claimant cannot do, costs the same whatever the backlog.
 */
function headOf({ text, limit }: OpenLane, passOver: Sql, provided?: Sql): Sql {
  // As a condition it would be asked of each task in the lane, none of which meets it, by an engine that reads them all.
  const upTo = (count: number) =>
    provided === undefined ? sql`${count}` : sql`case when ${provided} then ${raw(`${count}`)} else 0 end`
  // A planner need not see that the lane is always the same: named first, it leads to the index all the same.
  const firstUpTo = (count: number) =>
    sql`select id, rank, queue from tasks where ${isReady} and ${inLane(text)}
        order by lane, rank, id limit ${upTo(count)} ${passOver}`
  if (limit === 1) return firstUpTo(1)
  // A plan for the most that can be asked for serves every number.
  return sql`select id, rank, queue from (${firstUpTo(maxClaimed)}) as ready limit ${limit}`
}

/** The ids in order, without those for which their queue has no free slot. */
function idsWithinFreeSlots(heads: Head[], freeSlots: Map<string, number>): string[] {
  const inOrder = heads.sort((a, b) => a.rank - b.rank || (a.id < b.id ? -1 : 1))
  const taken = inOrder.filter(({ queue }) => {
    const free = freeSlots.get(queue) ?? Number.POSITIVE_INFINITY
    freeSlots.set(queue, free - 1)
    return free > 0
  })
  return taken.map(head => head.id)
}

const claimedData = {
  taskId: { column: 'id' },
  status: 'running',
  attempt: { column: 'attempts', isNumber: true },
  token: { column: 'token', isNumber: true },
}

function inOrder(rows: ClaimedRow[], { clock }: Context, { leaseMs }: Claim): ClaimedTask[] {
  const lease = { leaseMs, leaseUntil: leaseEnd(clock, leaseMs) }
  return rows
    .sort((a, b) => a.rank - b.rank)
    .map(row => Object.assign(fromRow(row), { token: row.token, attempt: row.attempts, ...lease }))
}
