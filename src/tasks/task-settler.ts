import { setTimeout as sleep } from 'node:timers/promises'
import { Conflict, isTransient, NotFound } from '../errors.ts'
import { Batcher } from '../util/batcher.ts'
import type { Completion } from './claim-reports.ts'
import { GiveUp, TryLater } from './give-up.ts'
import type { StaleClaim } from './outcome.ts'
import type { ClaimedTask } from './task.ts'
import type { Tasks } from './tasks.ts'
import type { WorkSummary } from './work-options.ts'

/** How a handler ended: with a result that can be kept, or an error. */
export type HandlerOutcome = { result: unknown } | { error: unknown }

/** Between two attempts to do what the store was too busy for, in milliseconds. */
const retryMs = 100

/** Writes down how tasks ended. What ends in one turn of the event loop is completed in one transaction. */
export class TaskSettler {
  readonly #tasks: Tasks
  readonly #leaseMs: number
  readonly #completions: Batcher<Completion, undefined>

  constructor(tasks: Tasks, leaseMs: number) {
    this.#tasks = tasks
    this.#leaseMs = leaseMs
    this.#completions = new Batcher({ run: list => this.#completeAll(list), overlap: {} })
  }

  /** Completes a task, ends its attempt, or puts it off, as its outcome says. */
  async settle(task: ClaimedTask, outcome: HandlerOutcome): Promise<keyof WorkSummary> {
    if ('result' in outcome)
      return this.#completions.add(completion(task, outcome.result)).then(() => 'completed' as const, lostBy)
    const { error } = outcome
    if (error instanceof TryLater) return this.release(task, error.delayMs)
    const { id, token } = task
    return this.#write('failed', () =>
      this.#tasks.fail({ id, token, error, retry: !(error instanceof GiveUp) }),
    )
  }

  /** Gives a task back unfinished. */
  release({ id, token }: ClaimedTask, delayMs = 0): Promise<keyof WorkSummary> {
    return this.#write('released', () => this.#tasks.release({ id, token, delayMs }))
  }

  /** Does again what the store was too busy for, for as long as a lease lasts; then it is undefined. */
  async persist<T>(write: () => Promise<T>): Promise<T | undefined> {
    for (const end = performance.now() + this.#leaseMs; performance.now() < end; await sleep(retryMs)) {
      try {
        return await write()
      } catch (error) {
        if (!isTransient(error)) throw error
      }
    }
    return undefined
  }

  async #write(how: keyof WorkSummary, write: () => Promise<unknown>): Promise<keyof WorkSummary> {
    try {
      return (await this.persist(() => write().then(() => how))) ?? 'lost'
    } catch (error) {
      return lostBy(error)
    }
  }

  async #completeAll(list: readonly Completion[]): Promise<(Error | undefined)[]> {
    const latest = new Map<string, Completion>()
    // A task that was lost, and claimed again, may end twice in one turn.
    for (const one of list) if (one.token > (latest.get(one.id)?.token ?? -1)) latest.set(one.id, one)
    const results = await this.persist(() => this.#tasks.completeMany([...latest.values()]))
    if (results === undefined) return list.map(one => lostClaim(one))
    const { stale } = results
    const isDone = ({ id, status, token }: StaleClaim) =>
      status === 'completed' && token === latest.get(id)?.token
    // What its own handler has completed was not lost.
    const lost = new Set(stale.filter(claim => !isDone(claim)).map(claim => claim.id))
    return list.map(one => (lost.has(one.id) || latest.get(one.id) !== one ? lostClaim(one) : undefined))
  }
}

/** Whatever became of the lease, the token decides: a claim that has ended changes nothing. */
function lostBy(error: unknown): 'lost' {
  if (error instanceof Conflict || error instanceof NotFound) return 'lost'
  throw error
}

function lostClaim({ id }: Completion): NotFound {
  return new NotFound(`the claim of task ${id} has ended`)
}

function completion({ id, token }: ClaimedTask, result: unknown): Completion {
  return { id, token, result }
}
