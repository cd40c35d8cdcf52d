import { optionChecks } from '../util/options.ts'
import { pageNames as page } from '../util/page.ts'
import type { Metrics } from './metrics.ts'

/** Refuses what a method does not know. */
export const checkMetrics = optionChecks<Metrics>('metrics', {
  recordMany: { name: true, value: true, tags: true, timestamp: true },
  list: { name: true, since: true, until: true, ...page },
  summary: { since: true, until: true, groupBy: true },
  rollup: { olderThan: true, name: true, signal: true, resolution: true },
  prune: { olderThan: true, name: true, signal: true },
  setRetention: { rollupAfter: true, deleteAfter: true },
  applyRetention: { signal: true },
})
