import { isDeepStrictEqual } from 'node:util'
import { InvalidInput } from '../errors.ts'
import { checkInteger, checkName, describe } from '../util/check.ts'
import { decodeJson, decodeLoose, encodeJson, type Json } from '../util/json.ts'
import type { EntryRow } from './changes.ts'
import type { SharedCondition, SharedStep, SharedTransaction } from './shared.ts'

/** A condition, checked. */
interface Condition {
  key: string
  version: number | undefined
  value: Json | undefined
}

/** A step, checked, its value as JSON text. */
export type Step = { do: 'update'; key: string; text: string } | { do: 'delete' | 'get'; key: string }

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

/** Whether a key, as it is, meets a condition. Values compare as JSON: the order of an object's fields is nothing. */
export function holds({ version, value }: Condition, current: EntryRow | undefined): boolean {
  if (version !== undefined && version !== (current?.version ?? 0)) return false
  if (value === undefined) return true
  return current !== undefined && isDeepStrictEqual(decodeLoose(current.value), value)
}

function parts<T extends object>(what: string, list: readonly T[] = []): readonly T[] {
  if (!Array.isArray(list)) throw new InvalidInput(`${what} must be an array, got ${describe(list)}`)
  if (list.length > maxParts) {
    throw new InvalidInput(`${what} has ${list.length} entries; the limit is ${maxParts}`)
  }
  const odd = list.findIndex(part => typeof part !== 'object' || part === null)
  if (odd === -1) return list
  throw new InvalidInput(`${what}[${odd}] must be an object, got ${describe(list[odd])}`)
}

function checkCondition(at: string, condition: SharedCondition, maxValueBytes: number): Condition {
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
  if (['update', 'delete', 'get'].filter(verb => verb in step).length !== 1) {
    throw new InvalidInput(`${at} must be one of { update, value }, { delete } and { get }`)
  }
  if ('delete' in step) return { do: 'delete', key: checkName(`${at}.delete`, step.delete) }
  if ('get' in step) return { do: 'get', key: checkName(`${at}.get`, step.get) }
  const text = encodeJson(`${at}.value`, step.value, maxValueBytes)
  return { do: 'update', key: checkName(`${at}.update`, step.update), text }
}
