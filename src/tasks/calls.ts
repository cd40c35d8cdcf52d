import type { Context } from '../context.ts'
import { batchCalls } from '../db/batch-calls.ts'
import type { Db } from '../db/db.ts'
import { canTellAtOnce, tellingLast } from '../db/outbox.ts'
import { theRow } from '../db/rows.ts'
import { InvalidInput } from '../errors.ts'
import { Semaphore } from '../util/semaphore.ts'
import { type Claim, claimPlainly, claimTasks } from './claim.ts'
import { insertPlainly, insertTasks } from './create.ts'
import type { TaskToInsert } from './new-task.ts'
import {
  type ClaimKey,
  completePlainly,
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
  /** The others, untouched: whoever still works on them should stop. */
  stale: StaleClaim[]
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
      run: lists => this.#end(lists, releaseTasks),
    })
  }

  async #create(lists: TaskToInsert[][]): Promise<Task[][]> {
    const batch = lists.flat()
    const tasks =
      (await insertPlainly(this.#context, batch)) ??
      (await this.transaction(context => insertTasks(context, batch)))
    return lists.map(list => tasks.splice(0, list.length))
  }

  /** What claims of one kind get together, the first of them gets first. */
  async #claim(claims: Claim[]): Promise<(ClaimedTask[] | Error)[]> {
    const given = new Map<Claim, ClaimedTask[] | Error>()
    const claimAll = async (kind: Claim[]) => {
      const claimed = await this.#claimOfKind(kind).catch((error: Error) => error)
      for (const claim of kind)
        given.set(claim, claimed instanceof Error ? claimed : claimed.splice(0, claim.limit))
    }
    await Promise.all([...Map.groupBy(claims, kindOf).values()].map(claimAll))
    return claims.map(claim => given.get(claim) ?? [])
  }

  async #claimOfKind(kind: readonly Claim[]): Promise<ClaimedTask[]> {
    const limit = kind.reduce((sum, claim) => sum + claim.limit, 0)
    const claim = { ...theRow(kind), limit }
    const { agentId } = claim
    const context = { ...this.#context, agentId }
    if (canTellAtOnce(context.db)) {
      await context.signOfLife(context.db, agentId)
      const claimed = await claimPlainly(context, claim)
      if (claimed !== undefined) return claimed
    }
    return tellingLast(context.db, async tx => {
      await context.signOfLife(tx, agentId)
      return claimTasks({ ...context, db: tx }, claim)
    })
  }

  async #complete(lists: Report[][]): Promise<ClaimResults[]> {
    const reports = lists.flat()
    assertDistinct(reports)
    const held = await completePlainly(this.#context, reports)
    return held === undefined ? this.#end(lists, completeTasks) : toResults(this.#context.db, lists, held)
  }

  async #end<T extends ClaimKey>(
    lists: T[][],
    end: (context: Context, claims: readonly T[]) => Promise<Set<string>>,
  ): Promise<ClaimResults[]> {
    const claims = lists.flat()
    assertDistinct(claims)
    return this.transaction(async context => toResults(context.db, lists, await end(context, claims)))
  }

  transaction<T>(fn: (context: Context) => Promise<T>): Promise<T> {
    return tellingLast(this.#context.db, tx => fn({ ...this.#context, db: tx }))
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
