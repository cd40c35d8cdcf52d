import { optionChecks } from '../util/options.ts'
import { pageNames } from '../util/page.ts'
import type { History } from './history.ts'

/** Refuses what a method does not know. */
export const checkHistory = optionChecks<History>('history', {
  undo: {
    session: true,
    since: true,
    until: true,
    namespace: true,
    force: true,
    dryRun: true,
    signal: true,
  },
  forget: {
    session: true,
    since: true,
    until: true,
    namespace: true,
    reason: true,
    vacuum: true,
    dryRun: true,
    signal: true,
  },
  setRetention: { versions: true, days: true },
  retention: pageNames,
})
