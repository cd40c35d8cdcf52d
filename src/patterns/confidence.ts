import { raw, type Sql, sql } from '../db/sql.ts'
import { checkNumber } from '../util/check.ts'

/**
 * How many outcomes the stated confidence is worth: as many as Laplace's uniform prior, so that evidence soon
 * wins.
 */
const priorWeight = 2

/**
 * The confidence that a pattern is stored with: the one given (InvalidInput outside 0 to 1), else the success
 * rate that its data claims, else 0.
 */
export function statedConfidence(confidence: number | undefined, patternData: unknown): number {
  if (confidence !== undefined) return checkNumber('confidence', confidence, 0, 1)
  const claims = typeof patternData === 'object' && patternData !== null && 'successRate' in patternData
  const rate = claims ? patternData.successRate : undefined
  return typeof rate === 'number' && rate >= 0 && rate <= 1 ? rate : 0
}

/**
 * The least amount that counts: what is less is none. PostgreSQL refuses a result that is too small for a double, and
 * the product of two such amounts is not.
 */
const leastAmount = 1e-150

/** What is left of the weight of former outcomes with each later one, 0 to 1. */
export function keptShare(decay: number): number {
  return decay < leastAmount ? 0 : decay
}

/** The weight in `column` of former outcomes, once another one comes. */
export function decayed(column: string, kept: number): Sql {
  return sql`case when ${raw(column)} < ${leastAmount} then 0 else ${kept} * ${raw(column)} end`
}

/** The mean of the Beta posterior that `Patterns.recordOutcome` describes, from the weights of its outcomes. */
export function confidenceOf(prior: Sql, hits: Sql, misses: Sql): Sql {
  const inFavour = sql`${priorWeight} * ${prior} + ${hits}`
  return sql`case when ${inFavour} < ${leastAmount} then 0
    else (${inFavour}) / (${priorWeight} + ${hits} + ${misses}) end`
}
