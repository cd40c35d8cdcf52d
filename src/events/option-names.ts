import { optionChecks } from '../util/options.ts'
import { pageNames as page } from '../util/page.ts'
import type { Events } from './events.ts'

const event = { type: true, source: true, data: true } as const
const filter = { types: true, source: true } as const

/** Refuses what a method does not know. */
export const checkEvents = optionChecks<Events>('events', {
  log: event,
  logMany: event,
  list: { ...filter, since: true, until: true, from: true, to: true, order: true, ...page },
  latest: filter,
  count: filter,
  subscribe: { ...filter, since: true, group: true, leaseMs: true, consumer: true, signal: true },
  commit: { token: true },
  groups: page,
  prune: { olderThan: true, keep: true },
  verify: { from: true, to: true, onProgress: true, signal: true },
})
