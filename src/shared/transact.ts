import { isDeepStrictEqual } from 'node:util'
import { verified } from '../db/checksums.ts'
import type { Db } from '../db/db.ts'
import { holdsLock } from '../db/held-lock.ts'
import { InvalidInput } from '../errors.ts'
import { checkInteger, checkList, checkName, describe } from '../util/check.ts'
import { decodeJson, decodeLoose, encodeJson, type Json } from '../util/json.ts'
import * as known from './option-names.ts'
import type { SharedCondition, SharedStep, SharedTransaction } from './shared.ts'
import type { EntryRow, SharedChanges } from './shared-changes.ts'
import { holdsLease } from './shared-leases.ts'

/** A condition on a key, checked. */
interface KeyCondition {
  key: string
  version: number | undefined
  value: Json | undefined
}

/** A condition, checked. */
type Condition = KeyCondition | { lock: string; token: number } | { lease: string }

/** A step, checked, its value as JSON text. */
export type Step =
  | { do: 'update'; key: string; text: string; lease: string | undefined }
  | { do: 'delete' | 'get'; key: string }

/** Bounds how long one transaction holds the others up. */
const maxParts = 1000

export interface Plan {
  conditions: Condition[]
  /** What to do when all conditions hold, and when one does not. */
  steps: Step[]
  otherwise: Step[]
}

/** Checks the whole of a transaction before any of it is done. */
export function plan(transaction: SharedTransaction, maxValueBytes: number): Plan {
  const steps = (branch: 'then' | 'else') =>
    parts(branch, transaction[branch]).map((step, i) => checkStep(`${branch}[${i}]`, step, maxValueBytes))
  return {
    conditions: parts('if', transaction.if).map((condition, i) =>
      checkCondition(`if[${i}]`, condition, maxValueBytes),
    ),
    steps: steps('then'),
    otherwise: steps('else'),
  }
}

/** Whether a condition is met at this moment; what it is about cannot be changed by others before `tx` ends. */
export async function holds(condition: Condition, changes: SharedChanges, tx: Db): Promise<boolean> {
  if ('lock' in condition) return holdsLock(tx, { name: condition.lock, token: condition.token })
  if ('lease' in condition) return holdsLease(tx, condition.lease)
  return isMet(condition, (await changes.find(condition.key)).current)
}

/** Values compare as JSON: the order of an object's fields is nothing. */
function isMet({ version, value }: KeyCondition, current: EntryRow | undefined): boolean {
  if (version !== undefined && version !== (current?.version ?? 0)) return false
  if (value === undefined) return true
  return (
    current !== undefined && isDeepStrictEqual(decodeLoose(verified('shared_state', current).value), value)
  )
}

function parts<T extends object>(what: string, list: readonly T[] = []): readonly T[] {
  checkList(what, list, maxParts)
  const odd = list.findIndex(part => typeof part !== 'object' || part === null)
  if (odd === -1) return list
  throw new InvalidInput(`${what}[${odd}] must be an object, got ${describe(list[odd])}`)
}

function checkCondition(at: string, condition: SharedCondition, maxValueBytes: number): Condition {
  known.checkCondition(condition)
  if (['key', 'lock', 'lease'].filter(what => what in condition).length !== 1) {
    throw new InvalidInput(`${at} must be about one of { key }, { lock, token } and { lease }`)
  }
  if ('lease' in condition) return { lease: checkName(`${at}.lease`, condition.lease) }
  if ('lock' in condition) {
    const { lock, token } = condition
    return { lock: checkName(`${at}.lock`, lock), token: checkInteger(`${at}.token`, token, 0) }
  }
  const { key, version, value } = condition
  if (version === undefined && value === undefined) {
    throw new InvalidInput(`${at} must name a version or a value`, { hint: 'version 0: does not exist.' })
  }
  return {
    key: checkName(`${at}.key`, key),
    version: version === undefined ? undefined : checkInteger(`${at}.version`, version, 0),
    value: value === undefined ? undefined : decodeJson(encodeJson(`${at}.value`, value, maxValueBytes)),
  }
}

function checkStep(at: string, step: SharedStep, maxValueBytes: number): Step {
  known.checkStep(step)
  if (['update', 'delete', 'get'].filter(verb => verb in step).length !== 1) {
    throw new InvalidInput(`${at} must be one of { update, value }, { delete } and { get }`)
  }
  if ('delete' in step) return { do: 'delete', key: checkName(`${at}.delete`, step.delete) }
  if ('get' in step) return { do: 'get', key: checkName(`${at}.get`, step.get) }
  const { update, value, lease } = step
  return {
    do: 'update',
    key: checkName(`${at}.update`, update),
    text: encodeJson(`${at}.value`, value, maxValueBytes),
    lease: lease === undefined ? undefined : checkName(`${at}.lease`, lease),
  }
}
