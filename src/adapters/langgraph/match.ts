import { isDeepStrictEqual } from 'node:util'
import type { MatchCondition } from '@langchain/langgraph-checkpoint'
import { InvalidInput } from '../../errors.ts'
import { describe } from '../../util/check.ts'

type Test = (held: unknown, wanted: unknown) => boolean

const tests: Readonly<Record<string, Test>> = {
  $eq: isDeepStrictEqual,
  $ne: (held, wanted) => !isDeepStrictEqual(held, wanted),
  $gt: (held, wanted) => compare(held, wanted) > 0,
  $gte: (held, wanted) => compare(held, wanted) >= 0,
  $lt: (held, wanted) => compare(held, wanted) < 0,
  $lte: (held, wanted) => compare(held, wanted) <= 0,
  $in: (held, wanted) => list('$in', wanted).some(each => isDeepStrictEqual(held, each)),
  $nin: (held, wanted) => !list('$nin', wanted).some(each => isDeepStrictEqual(held, each)),
  $exists: (held, wanted) => (held !== undefined) === wanted,
}

/** Whether all fields that a filter of a search names are as it says: equal, or as its operators have it. */
export function matchesFilter(
  value: Readonly<Record<string, unknown>>,
  filter: Readonly<Record<string, unknown>>,
): boolean {
  return Object.entries(filter).every(([field, wanted]) => {
    const held = Object.hasOwn(value, field) ? value[field] : undefined
    if (!isOperators(wanted)) return isDeepStrictEqual(held, wanted)
    return Object.entries(wanted).every(([name, operand]) => operator(name)(held, operand))
  })
}

/** Whether a namespace begins or ends with a path, in which `*` is any label. */
export function matchesCondition(namespace: readonly string[], { matchType, path }: MatchCondition): boolean {
  if (path.length > namespace.length) return false
  const start = matchType === 'suffix' ? namespace.length - path.length : 0
  return path.every((label, i) => label === '*' || label === namespace[start + i])
}

function isOperators(wanted: unknown): wanted is Record<string, unknown> {
  if (typeof wanted !== 'object' || wanted === null || Array.isArray(wanted)) return false
  const names = Object.keys(wanted)
  return names.length > 0 && names.every(name => name.startsWith('$'))
}

function operator(name: string): Test {
  const test = Object.hasOwn(tests, name) ? tests[name] : undefined
  if (test !== undefined) return test
  throw new InvalidInput(`a filter has the operators ${Object.keys(tests).join(', ')}, got ${describe(name)}`)
}

/** Numbers by value, and other texts (times in ISO form …) by character; NaN, thus no answer, for all else. */
function compare(held: unknown, wanted: unknown): number {
  const difference = Number(held) - Number(wanted)
  if (!Number.isNaN(difference) || typeof held !== 'string' || typeof wanted !== 'string') return difference
  return held < wanted ? -1 : Number(held > wanted)
}

function list(name: string, wanted: unknown): readonly unknown[] {
  if (Array.isArray(wanted)) return wanted
  throw new InvalidInput(`${name} takes an array, got ${describe(wanted)}`)
}
