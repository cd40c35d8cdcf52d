import { optionChecks } from '../util/options.ts'
import type { Maintenance } from './maintenance.ts'

const long = { onProgress: true, signal: true } as const

/** Refuses what a method does not know. */
export const checkMaintenance = optionChecks<Maintenance>('maintenance', {
  cleanup: { expiredBefore: true, signal: true },
  vacuum: { full: true, ...long },
  optimize: long,
  reindex: long,
  backup: { overwrite: true, ...long },
  restore: { onProgress: true },
  doctor: { onProgress: true },
  recover: { from: true, ...long },
  exportNamespace: { onProgress: true },
  importNamespace: { namespace: true, exportsOf: true, onConflict: true, onProgress: true },
  intake: { onConflict: true, dryRun: true },
  analyzeUsage: { timeframe: true, groupBy: true },
  hotKeys: { threshold: true, timeframe: true, limit: true },
})
