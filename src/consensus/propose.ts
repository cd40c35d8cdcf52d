import type { Context } from '../context.ts'
import type { Db } from '../db/db.ts'
import { type Sql, sql } from '../db/sql.ts'
import { InvalidInput } from '../errors.ts'
import { checkName } from '../util/check.ts'
import { encodeJson } from '../util/json.ts'
import { readTimeOrDuration, type TimeOrDuration } from '../util/time-or-duration.ts'
import { columns, presentColumns, votesText } from './consensus-state.ts'
import { checkElectorate, type Electorate, type Proposal } from './proposal.ts'

/** A proposal as it is stored. */
interface CheckedProposal extends Electorate {
  key: string
  value: string
  proposer: string | undefined
  deadline: Sql | Date | undefined
}

/** @throws InvalidInput when there is no such proposal */
export function checkProposal(context: Context, key: string, proposal: Proposal): CheckedProposal {
  const { value, proposer = context.agentId, deadline } = proposal
  return {
    key: checkName('key', key),
    value: encodeJson('value', value, context.maxValueBytes),
    proposer: proposer === undefined ? undefined : checkName('proposer', proposer),
    deadline: deadline === undefined ? undefined : checkDeadline(context, deadline),
    ...checkElectorate(proposal),
  }
}

function checkDeadline({ db, clock }: Context, deadline: TimeOrDuration): Sql | Date {
  const moment = readTimeOrDuration('deadline', deadline)
  if (!(moment instanceof Date)) return db.dialect.now(moment)
  if (moment.getTime() > clock.now()) return moment
  throw new InvalidInput(`deadline must lie in the future, got ${moment.toISOString()}`)
}

/** Stores a proposal as the next ballot of its key, and returns its row; no row when the key is decided. */
export function proposing({ dialect, author }: Db, proposal: CheckedProposal): Sql {
  const { key, value, proposer, quorum, accepts, deadline, status } = proposal
  const now = dialect.now()
  const voters = proposal.voters && JSON.stringify(proposal.voters)
  const weights = proposal.weights && JSON.stringify(proposal.weights)
  const votes = votesText(key, { acceptors: proposal.acceptors, rejectors: [] })
  const given = { key, value, proposer, voters, weights, quorum, author }
  return sql`
    insert into consensus_state (${columns}, status)
    values (${key}, ${value}, (select value + 1 from hivewax_counters where name = 'floor'), ${proposer},
            ${votes.acceptors}, ${votes.rejectors}, ${voters}, ${weights}, ${quorum}, ${accepts}, 0, ${deadline},
            ${status === 'decided' ? now : undefined}, ${now}, ${author}, ${dialect.checksum('consensus_state', 'crc', given)},
            ${dialect.checksum('consensus_state', 'votes_crc', votes)}, ${status})
    on conflict (key) do update set
      value = excluded.value, proposer = excluded.proposer, acceptors = excluded.acceptors,
      version = case when consensus_state.version < excluded.version
                then excluded.version else consensus_state.version + 1 end,
      timestamp = excluded.timestamp, status = excluded.status, voters = excluded.voters,
      weights = excluded.weights, quorum = excluded.quorum, accepts = excluded.accepts, rejects = excluded.rejects,
      rejectors = excluded.rejectors, deadline = excluded.deadline, decided_at = excluded.decided_at,
      author = excluded.author, crc = excluded.crc, votes_crc = excluded.votes_crc
    where consensus_state.status <> 'decided'
    returning ${presentColumns(dialect)}, ${dialect.assertAboveFloor(sql`consensus_state`, sql`version`)} as issued`
}
