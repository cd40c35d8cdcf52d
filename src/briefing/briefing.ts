import type { Context } from '../context.ts'
import type { Records } from '../transaction.ts'
import { checkInteger, checkName } from '../util/check.ts'
import { matchesGlob } from '../util/glob.ts'
import { tokens } from '../util/model-text.ts'
import { briefingTokens } from './bounds.ts'
import { fitSections } from './fit-sections.ts'
import { lastHere } from './last-here.ts'
import { checkBriefing } from './option-names.ts'
import type { Asked, Section, Teller } from './section.ts'
import { tellDecisions } from './tell-decisions.ts'
import { tellChanges, tellPinned, tellRelated } from './tell-memory.ts'
import { tellLastSession, tellSession } from './tell-sessions.ts'
import { tellAgents, tellLocks, tellShared } from './tell-swarm.ts'
import { tellClaims, tellTasks } from './tell-tasks.ts'

export interface BriefingOptions {
  /** For whom. Default: the agent that acts through the handle. */
  agentId?: string | undefined
  /** The session that the agent is in: it is not told of as the last one. */
  sessionId?: string | undefined
  /** The agent has lost what it knew of its session: that is told, if it was kept. */
  isCompacted?: boolean | undefined
  /** What the work is about: the memory near to these words is told too. */
  about?: string | undefined
  /**
   * When the agent was here before: what others did since is marked as new. Default: when it went last, by lapse or deletion,
   * and for the agent of a client's session that was not here before, when the client's session before it did.
   */
  since?: Date | undefined
  /** Tell only of key-value memory in these namespaces, by globs. Default: all. */
  namespaces?: readonly string[] | undefined
  /** How long it may be, in tokens of four characters: 200 to 100,000, default 2,000. */
  maxTokens?: number | undefined
}

/** Where things stand. */
export interface Briefing {
  /** For whom; undefined for nobody in particular. */
  agentId: string | undefined
  /** Most useful first; empty when there is nothing to tell. */
  sections: Section[]
}

/** What is told, most useful first. */
const tellers: readonly Teller[] = [
  tellSession,
  tellClaims,
  tellPinned,
  tellDecisions,
  tellTasks,
  tellChanges,
  tellRelated,
  tellLastSession,
  tellShared,
  tellAgents,
  tellLocks,
]

/** What is around the sections where a model reads them, in characters. */
const frame = 400

/** See `Transaction.briefing`. */
export async function tell(
  context: Context,
  records: Records,
  options: BriefingOptions = {},
): Promise<Briefing> {
  checkBriefing(options)
  const { maxTokens = briefingTokens.usual, isCompacted = false, sessionId, about } = options
  const { namespaces = ['*'] } = options
  const isTold = (namespace: string) => namespaces.some(glob => matchesGlob(glob, namespace))
  checkInteger('maxTokens', maxTokens, briefingTokens.least, briefingTokens.most)
  const { agentId = context.agentId } = options
  if (agentId !== undefined) checkName('agentId', agentId)
  const { since = await lastHere({ records, agentId }) } = options
  const asked: Asked = { records, context, agentId, sessionId, isCompacted, about, since, isTold }
  const drafts = await Promise.all(tellers.map(teller => teller(asked)))
  const room = maxTokens * tokens.characters - frame
  return {
    agentId,
    sections: fitSections(
      drafts.filter(draft => draft !== undefined),
      room,
    ),
  }
}
