// biome-ignore-all lint/suspicious/noThenProperty: a transaction's `then` is a list of steps, which await ignores
import fc from 'fast-check'
import { HivewaxError } from '../../src/errors.ts'
import type { SharedCondition, SharedEntry, SharedStep } from '../../src/shared/shared.ts'
import type { Transaction } from '../../src/transaction.ts'
import type { TestClock } from './clock.ts'

const key = fc.constantFrom('a', 'b', 'c')
const leaseName = fc.constantFrom('x', 'y')
const aValue = fc.nat(2)
/** How the version that a call expects relates to the present one; undefined: it expects none. */
const expecting = fc.constantFrom(undefined, undefined, 'present' as const, 'stale' as const)
const is = <T extends string>(name: T) => fc.constant(name)
const update = fc.record({
  do: is('update'),
  key,
  value: aValue,
  lease: fc.option(leaseName, { nil: undefined }),
  expecting,
})
const remove = fc.record({ do: is('delete'), key, expecting })
const condition = fc.oneof(
  fc.record({ on: is('version'), key, expecting: fc.constantFrom('present' as const, 'stale' as const) }),
  fc.record({ on: is('value'), key, value: aValue }),
  fc.record({ on: is('lock'), back: fc.nat(1) }),
  fc.record({ on: is('lease'), lease: leaseName }),
)
const steps = fc.array(fc.oneof(update, remove, fc.record({ do: is('get'), key })), { maxLength: 3 })
/** Something that somebody does to shared state, or to the clock. */
export const anyCommand = fc.oneof(
  { weight: 4, arbitrary: update },
  { weight: 2, arbitrary: remove },
  {
    weight: 2,
    arbitrary: fc.record({
      do: is('transact'),
      if: fc.array(condition, { maxLength: 2 }),
      then: steps,
      else: steps,
    }),
  },
  fc.record({
    do: is('transaction'),
    changes: fc.array(fc.oneof(update, remove), { maxLength: 3 }),
    commits: fc.boolean(),
  }),
  { weight: 2, arbitrary: fc.record({ do: is('grant'), lease: leaseName, ttlMs: fc.constantFrom(10, 30) }) },
  fc.record({ do: fc.constantFrom('keepAlive' as const, 'revoke' as const), lease: leaseName }),
  fc.record({
    do: fc.constantFrom('acquire' as const, 'reboot' as const, 'upkeep' as const),
  }),
  fc.record({ do: is('release') }),
  { weight: 2, arbitrary: fc.record({ do: is('advance'), ms: fc.constantFrom(1, 9, 10, 30) }) },
)
export type Command = typeof anyCommand extends fc.Arbitrary<infer T> ? T : never
export type Change = Extract<Command, { do: 'update' | 'delete' }>
export type Condition = typeof condition extends fc.Arbitrary<infer T> ? T : never

/** A command with the numbers filled in that only the model knows. */
export type Request =
  | { do: 'update'; key: string; value: number; options: { expectedVersion?: number; lease?: string } }
  | { do: 'delete'; key: string; options: { expectedVersion?: number } }
  | { do: 'transact'; if: SharedCondition[]; then: SharedStep[]; else: SharedStep[] }
  | { do: 'transaction'; changes: Request[]; commits: boolean }
  | { do: 'grant' | 'keepAlive' | 'revoke'; id: string; ttlMs: number }
  | { do: 'release'; token: number }
  | { do: 'advance'; ms: number }
  | { do: 'acquire' | 'reboot' | 'upkeep' }

/** How long the lock is held whose token a condition may name. */
export const lockMs = 25

/** Does it, and resolves with what there is to compare. */
export async function run(
  memory: Transaction,
  prefix: string,
  request: Request,
  clock: TestClock,
): Promise<unknown> {
  const { shared, locks } = memory
  switch (request.do) {
    case 'update':
      return cellOf(await shared.update(request.key, request.value, request.options))
    case 'delete':
      return shared.delete(request.key, request.options)
    case 'transact': {
      const { do: _, ...transaction } = request
      const done = await shared.transact(transaction)
      return {
        ...done,
        results: done.results.map(result => (typeof result === 'object' ? cellOf(result) : result)),
      }
    }
    case 'transaction':
      return memory.transaction(async tx => {
        const results = []
        for (const change of request.changes) results.push(await outcome(run(tx, prefix, change, clock)))
        if (!request.commits) throw new HivewaxError('closed', 'rolled back')
        return results
      })
    case 'grant': {
      const { id, ttlMs } = request
      return (await shared.grantLease({ id, ttlMs })).remainingMs
    }
    case 'keepAlive':
      return (await shared.keepAlive(request.id)).remainingMs
    case 'revoke':
      return shared.revokeLease(request.id)
    case 'acquire':
      return (await locks.acquire(`${prefix}lock`, { leaseMs: lockMs })).token
    case 'release':
      return locks.release({ name: `${prefix}lock`, token: request.token })
    case 'advance':
      return clock.advance(request.ms)
    case 'reboot':
      return clock.reboot()
    case 'upkeep':
      return shared.removeLapsed()
  }
}

/** What a call gave: its result, or the code of its error with the version and value that a Conflict tells. */
export async function outcome(done: Promise<unknown>): Promise<unknown> {
  try {
    return await done
  } catch (error) {
    if (!(error instanceof HivewaxError)) throw error
    const { version, value } = error.details ?? {}
    return { code: error.code, ...(version !== undefined && { version, value }) }
  }
}

export function cellOf({ key, value, version, revision, leaseId }: SharedEntry) {
  return { key, value, version, revision, leaseId }
}
