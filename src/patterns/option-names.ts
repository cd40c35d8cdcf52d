import { redactNames } from '../db/history/redact.ts'
import { optionChecks } from '../util/options.ts'
import { pageNames as page } from '../util/page.ts'
import type { Patterns } from './patterns.ts'

/** Refuses what a method does not know. */
export const checkPatterns = optionChecks<Patterns>('patterns', {
  store: { id: true, type: true, patternData: true, confidence: true, metadata: true },
  list: { type: true, minConfidence: true, ...page },
  history: page,
  revert: { revision: true },
  redact: redactNames,
  recordOutcome: { success: true, decay: true },
})
