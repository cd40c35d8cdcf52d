import { optionChecks } from '../util/options.ts'
import { pageNames as page } from '../util/page.ts'
import type { Reservations } from './reservations.ts'

/** Refuses what a method does not know. */
export const checkReservations = optionChecks<Reservations>('reservations', {
  reserve: { shared: true, purpose: true, owner: true, leaseMs: true },
  renew: { token: true, leaseMs: true },
  release: { globs: true, token: true, owner: true },
  list: { globs: true, owner: true, ...page },
})
