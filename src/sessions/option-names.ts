import { optionChecks } from '../util/options.ts'
import { pageNames as page } from '../util/page.ts'
import type { Sessions } from './sessions.ts'

/** Refuses what a method does not know. */
export const checkSessions = optionChecks<Sessions>('sessions', {
  create: { ttl: true, id: true },
  list: page,
})
