import type { Context } from '../context.ts'
import { batchCalls } from '../db/batch-calls.ts'
import type { Db } from '../db/db.ts'
import { transactionWithEvents } from '../db/outbox.ts'
import { theRow } from '../db/rows.ts'
import { InvalidInput } from '../errors.ts'
import { Semaphore } from '../util/semaphore.ts'
import { type Claim, claimTasks } from './claim.ts'
import { createTasks } from './create.ts'
import type { TaskToInsert } from './new-task.ts'
import {
  type ClaimKey,
  completeTasks,
  type Release,
  type Report,
  releaseTasks,
  type StaleClaim,
  staleClaims,
} from './outcome.ts'
import type { ClaimedTask, Task } from './task.ts'

/** How each of many claims fared. */
export interface ClaimResults {
  /** Ids of the tasks whose claims held. */
  held: string[]
  /** The others, untouched: a worker that still works on them should stop. */
  stale: StaleClaim[]
}

/** How each of many claims fared that were to be renewed. */
export interface RenewedClaims extends ClaimResults {
  /** Until when those that held do without another heartbeat, by the clock of the machine that renewed them. */
  leaseUntil: Date
}

/**
 * Large transactions under way at once: the server works on one while the answers of the other are read. More of them
 * would only wait for each other's rows.
 */
const maxLarge = 2

/** The calls that loops make one by one, and that are done in one transaction where that is faster. */
export class TaskCalls {
  readonly create: (tasks: TaskToInsert[]) => Promise<Task[]>
  readonly claim: (claim: Claim) => Promise<ClaimedTask[]>
  readonly complete: (reports: Report[]) => Promise<ClaimResults>
  readonly release: (releases: Release[]) => Promise<ClaimResults>
  readonly #context: Context

  constructor(context: Context) {
    this.#context = context
    this.create = batchCalls(context, { weigh: list => list.length, run: lists => this.#create(lists) })
    const permits = new Semaphore(maxLarge)
    this.claim = batchCalls(context, {
      permits,
      weigh: claim => claim.limit,
      run: claims => this.#claim(claims),
    })
    this.complete = batchCalls(context, {
      permits,
      weigh: list => list.length,
      run: lists => this.#complete(lists),
    })
    this.release = batchCalls(context, {
      permits,
      weigh: list => list.length,
      run: lists => this.#release(lists),
    })
  }

  async #create(lists: TaskToInsert[][]): Promise<Task[][]> {
    const tasks = await createTasks(this.#context, lists.flat())
    return lists.map(list => tasks.splice(0, list.length))
  }

  /** What claims of one kind get together, the first of them gets first. */
  async #claim(claims: Claim[]): Promise<(ClaimedTask[] | Error)[]> {
    const [only] = claims
    if (only !== undefined && claims.length === 1) return [await this.#claimOne(only)]
    const given = new Map<Claim, ClaimedTask[] | Error>()
    const claimAll = async (kind: Claim[]) => {
      const limit = kind.reduce((sum, claim) => sum + claim.limit, 0)
      const claimed = await this.#claimOne({ ...theRow(kind), limit }).catch((error: Error) => error)
      for (const claim of kind)
        given.set(claim, claimed instanceof Error ? claimed : claimed.splice(0, claim.limit))
    }
    await Promise.all([...Map.groupBy(claims, kindOf).values()].map(claimAll))
    return claims.map(claim => given.get(claim) ?? [])
  }

  async #claimOne(claim: Claim): Promise<ClaimedTask[]> {
    const context = { ...this.#context, agentId: claim.agentId }
    await context.heartbeat(context.db, claim.agentId)
    return claimTasks(context, claim)
  }

  async #complete(lists: Report[][]): Promise<ClaimResults[]> {
    const reports = lists.flat()
    assertDistinct(reports)
    return toResults(this.#context.db, lists, await completeTasks(this.#context, reports))
  }

  async #release(lists: Release[][]): Promise<ClaimResults[]> {
    const releases = lists.flat()
    assertDistinct(releases)
    return this.transaction(async context =>
      toResults(context.db, lists, await releaseTasks(context, releases)),
    )
  }

  /** Runs a change of several statements, and appends its events at its end. */
  transaction<T>(fn: (context: Context) => Promise<T>): Promise<T> {
    return transactionWithEvents(this.#context.db, db => fn({ ...this.#context, db }))
  }
}

async function toResults(
  db: Db,
  lists: readonly (readonly ClaimKey[])[],
  held: ReadonlySet<string>,
): Promise<ClaimResults[]> {
  const stale = new Map((await staleClaims(db, lists.flat(), held)).map(claim => [claim.id, claim]))
  return lists.map(list => ({
    held: list.flatMap(({ id }) => (held.has(id) ? [id] : [])),
    stale: list.flatMap(({ id }) => stale.get(id) ?? []),
  }))
}

/** @throws InvalidInput when a task is claimed twice */
export function assertDistinct(claims: readonly ClaimKey[]): void {
  if (new Set(claims.map(claim => claim.id)).size < claims.length)
    throw new InvalidInput('the claims name a task twice')
}

/** The same for claims that can get each other's tasks. */
function kindOf({ agentId, capabilities, queues, leaseMs }: Claim): string {
  return JSON.stringify([agentId, capabilities ?? null, queues === undefined ? null : [...queues], leaseMs])
}
