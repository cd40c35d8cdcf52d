import type { Hold } from '../operation.ts'
import type { Permission } from '../permission.ts'
import type { SharedStep, SharedTransaction } from './shared.ts'

/** What using a lease takes: keys go with it, when its holder ends it. */
export function leaseHold(id: string | undefined): Hold[] {
  return id === undefined ? [] : [{ kind: 'lease', name: id }]
}

/** What a transaction takes to be the holder of: the locks that it is conditional on, and the leases of its keys. */
export function transactHolds(transaction: SharedTransaction): Hold[] {
  const locks = (transaction.if ?? []).flatMap((condition): Hold[] =>
    'lock' in condition ? [{ kind: 'lock', name: condition.lock, token: condition.token }] : [],
  )
  const leases = stepsOf(transaction).flatMap(step => ('lease' in step ? leaseHold(step.lease) : []))
  return [...locks, ...leases]
}

/** What its steps need, and a condition on a value, which tells whether a key has it. */
export function transactNeeds(transaction: SharedTransaction): Permission[] {
  const steps = stepsOf(transaction)
  const isReading =
    steps.some(step => 'get' in step) ||
    (transaction.if ?? []).some(condition => 'value' in condition && condition.value !== undefined)
  return [
    ...(isReading ? (['memory:read'] as const) : []),
    ...(steps.some(step => 'delete' in step) ? (['memory:delete'] as const) : []),
  ]
}

function stepsOf({ then = [], else: otherwise = [] }: SharedTransaction): SharedStep[] {
  return [...then, ...otherwise]
}
