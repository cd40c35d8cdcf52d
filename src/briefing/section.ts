import type { Context } from '../context.ts'
import type { Author } from '../db/author.ts'
import type { Records } from '../transaction.ts'

/** The parts of a briefing, by what they tell of. */
export type SectionName =
  | 'session'
  | 'claims'
  | 'pinned'
  | 'decisions'
  | 'tasks'
  | 'changes'
  | 'related'
  | 'lastSession'
  | 'shared'
  | 'agents'
  | 'locks'

/** An operation that shows more of what a section tells. */
export interface Reference {
  operation: string
  input: Record<string, string | number | boolean | string[]>
}

/** One part of a briefing. */
export interface Section {
  name: SectionName
  /** What it tells of, in words, with counts. */
  title: string
  /** Most useful first. Stored text in them is quoted as JSON in which no `<` is left. */
  lines: string[]
  /** How many more lines there are; they did not fit. */
  left: number
  more: Reference
}

/** A section before it is fitted. */
export interface Draft extends Omit<Section, 'left'> {
  /** Its share of the room, beside the shares of the others. */
  readonly share: number
  /** How long one of its lines may be, in characters. Default: 300. */
  readonly longest?: number
}

/** For whom a briefing is, and what it is made from. */
export interface Asked {
  readonly records: Records
  readonly context: Context
  /** Undefined for nobody in particular. */
  readonly agentId: string | undefined
  readonly sessionId: string | undefined
  readonly isCompacted: boolean
  /** When the agent was here before. */
  readonly since: Date | undefined
  /** Whether memory of this namespace is told of. */
  readonly isTold: (namespace: string) => boolean
  /** What the work is about, in words. */
  readonly about: string | undefined
}

/** Whether somebody else did it since the agent was here before: by its author, since what a caller says may be anybody. */
export function isNew({ since, agentId }: Asked, at: Date, author: Author | undefined): boolean {
  return since !== undefined && at > since && (agentId === undefined || author?.agent !== agentId)
}

/** Reads what a section tells. Undefined when there is nothing to tell. */
export type Teller = (asked: Asked) => Promise<Draft | undefined>
