import { type Names, optionChecks } from '../util/options.ts'
import { pageNames as page } from '../util/page.ts'
import type { HeldLock, Lock, Locks } from './locks.ts'

/** A whole lock may be passed for its key, as any call shows it. */
const lock: Names<keyof (Lock & HeldLock) | 'signal'> = {
  name: true,
  owner: true,
  token: true,
  leaseMs: true,
  leaseUntil: true,
  acquiredAt: true,
  remainingMs: true,
  signal: true,
}
const request = { owner: true, leaseMs: true, waitMs: true, delayMs: true } as const

/** Refuses what a method does not know. */
export const checkLocks = optionChecks<Locks>('locks', {
  acquire: request,
  renew: lock,
  release: lock,
  check: lock,
  assert: lock,
  list: page,
  withLock: request,
  campaign: { candidate: true, leaseMs: true, delayMs: true, signal: true },
  observe: { signal: true },
})
