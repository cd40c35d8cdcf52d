import { checkNumber } from '../util/check.ts'

/**
 * How many outcomes the stated confidence is worth: as many as Laplace's uniform prior, so that evidence soon
 * wins.
 */
export const priorWeight = 2

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
