import { type Author, decodeAuthor } from '../db/author.ts'
import { verified } from '../db/checksums.ts'
import { type Columns, type FieldsOf, listOf, type RowOf } from '../db/columns.ts'
import type { Dialect } from '../db/db.ts'
import { type Sql, sql } from '../db/sql.ts'
import { decodeLoose, isObject, type Json } from '../util/json.ts'
import { toDate, toOptionalDate } from '../util/time.ts'

/**
 * `open`: it may still be decided. `decided`: the quorum accepted, and nothing changes that. `rejected`: too
 * many refused. `expired`: the deadline passed while it was open. The last two may be proposed again.
 */
export type ConsensusStatus = (typeof consensusStatuses)[number]
export const consensusStatuses = ['open', 'decided', 'rejected', 'expired'] as const

/** What is known under a key: the latest proposal and its votes. */
export interface ConsensusState {
  key: string
  value: Json
  /** The ballot. Rises with every proposal and is never used twice, not even after a delete. */
  version: number
  proposer: string | undefined
  /** Who accepted, in the order of their votes. */
  acceptors: string[]
  /** Who rejected, in the order of their votes. */
  rejectors: string[]
  status: ConsensusStatus
  /** Undefined when any caller may accept; so is `quorum`. */
  voters: string[] | undefined
  /** What the votes of voters count that do not count 1. Undefined where each counts 1. */
  weights: Record<string, number> | undefined
  quorum: number | undefined
  /** How many votes are for it, by their weight. */
  accepts: number
  rejects: number
  deadline: Date | undefined
  decidedAt: Date | undefined
  /** When this version was proposed. */
  timestamp: Date
  /** Who proposed this version; undefined when that is not known. */
  author: Author | undefined
}

const stateColumns = {
  key: 'text',
  value: 'text',
  version: 'number',
  proposer: 'text?',
  acceptors: 'text?',
  rejectors: 'text?',
  voters: 'text?',
  weights: 'text?',
  quorum: 'number?',
  accepts: 'number',
  rejects: 'number',
  deadline: 'time?',
  decided_at: 'time?',
  timestamp: 'time',
  author: 'text?',
  crc: 'number?',
  votes_crc: 'number?',
} as const satisfies Columns

/** A row of consensus_state, its status as every reader sees it at the moment of reading. */
export type ConsensusRow = RowOf<typeof stateColumns> & { status: ConsensusStatus }

/** All columns but the status. */
export const columns = listOf(stateColumns)

/** The columns of a row as every reader sees it at this moment. */
export function presentColumns(dialect: Dialect): Sql {
  return sql`${columns}, ${presentStatus(dialect)} as status`
}

/** What is open past its deadline has expired. */
function presentStatus(dialect: Dialect): Sql {
  return sql`case when ${hasExpired(dialect)} then 'expired' else status end`
}

/** The condition that a vote is open past its deadline, and nobody has stored yet that it has expired. */
export function hasExpired(dialect: Dialect): Sql {
  return sql`status = 'open' and deadline is not null and deadline <= ${dialect.now()}`
}

/** The state that a row holds. */
export function fromRow(row: ConsensusRow): ConsensusState {
  verified('consensus_state', row)
  const acceptors = readNames(row.acceptors)
  return {
    key: row.key,
    value: decodeLoose(row.value),
    version: row.version,
    proposer: row.proposer ?? undefined,
    acceptors,
    rejectors: readNames(row.rejectors),
    status: row.status,
    voters: row.voters === null ? undefined : readNames(row.voters),
    weights: readWeights(row.weights),
    quorum: row.quorum ?? undefined,
    // A proposal that was inserted by hand in SQL names its acceptors and leaves their count at the default.
    accepts: row.quorum === null ? acceptors.length : row.accepts,
    rejects: row.rejects,
    deadline: toOptionalDate(row.deadline),
    decidedAt: toOptionalDate(row.decided_at),
    timestamp: toDate(row.timestamp),
    author: decodeAuthor(row.author),
  } satisfies FieldsOf<Omit<ConsensusRow, 'crc' | 'votes_crc'>>
}

/** Who has voted, as the columns of a ballot hold it. */
export function votesText(
  key: string,
  { acceptors, rejectors }: Pick<ConsensusState, 'acceptors' | 'rejectors'>,
) {
  return { key, acceptors: JSON.stringify(acceptors), rejectors: JSON.stringify(rejectors) }
}

function readNames(text: string | null): string[] {
  const names = text === null ? [] : decodeLoose(text)
  return Array.isArray(names) ? names.filter(name => typeof name === 'string') : []
}

function readWeights(text: string | null): Record<string, number> | undefined {
  const weights = text === null ? null : decodeLoose(text)
  if (weights === null || !isObject(weights)) return undefined
  return Object.fromEntries(
    Object.entries(weights).flatMap(([voter, weight]) =>
      typeof weight === 'number' ? [[voter, weight]] : [],
    ),
  )
}
