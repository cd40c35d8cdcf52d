import { optionChecks } from '../util/options.ts'
import { pageNames as page } from '../util/page.ts'
import type { Tokens } from './tokens.ts'

/** Refuses what a method does not know. */
export const checkTokens = optionChecks<Tokens>('tokens', {
  create: { principal: true, permissions: true, namespaces: true, agentId: true, expiresAt: true },
  list: page,
})
