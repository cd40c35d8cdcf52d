import { type Names, optionCheck } from '../util/options.ts'
import type { BriefingOptions } from './briefing.ts'

const names: Names<keyof BriefingOptions> = {
  agentId: true,
  sessionId: true,
  isCompacted: true,
  about: true,
  since: true,
  namespaces: true,
  maxTokens: true,
}

/** Refuses what a briefing does not know. */
export const checkBriefing = optionCheck('briefing', names)
