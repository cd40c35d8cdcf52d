// biome-ignore-all lint/suspicious/noThenProperty: it is the name of an option
import { optionCheck, optionChecks } from '../util/options.ts'
import { pageNames as page } from '../util/page.ts'
import type { SharedState } from './shared.ts'

/** Refuses what a method does not know. */
export const checkShared = optionChecks<SharedState>('shared', {
  update: { updatedBy: true, expectedVersion: true, lease: true },
  list: page,
  delete: { updatedBy: true, expectedVersion: true },
  history: page,
  transact: { if: true, then: true, else: true, updatedBy: true },
  watch: { since: true, signal: true },
  grantLease: { ttlMs: true, id: true, owner: true },
  leases: page,
})

export const checkCondition = optionCheck('a condition of shared.transact', {
  key: true,
  version: true,
  value: true,
  lock: true,
  token: true,
  lease: true,
})

export const checkStep = optionCheck('a step of shared.transact', {
  update: true,
  value: true,
  lease: true,
  delete: true,
  get: true,
})
