/**
 * What this process has found of an open store, in common for all its handles. It says which way to try first, and no
 * answer depends on it: another process may have changed what was found.
 */
export interface Hints {
  /** True once the log of events was found sealed: what is appended must then be seen, and chained, before the commit. */
  isLogSealed: boolean
  /** True when the latest claim that looked found lanes or limits, so that reading the common lane alone will not do. */
  hasLanesOrLimits: boolean
}

export function newHints(): Hints {
  return { isLogSealed: false, hasLanesOrLimits: false }
}
