import type { Context } from '../context.ts'
import type { Db } from '../db/db.ts'
import { appendEvents } from '../db/outbox.ts'
import { join, type Sql, sql } from '../db/sql.ts'
import { InvalidInput, NotFound } from '../errors.ts'
import { checkInteger, checkName, checkOneOf, describe } from '../util/check.ts'
import { encodeJson } from '../util/json.ts'
import { type Moment, readMoment } from '../util/moment.ts'
import { cursorPosition, type Page, type PageOptions, pageLimit, toPage } from '../util/page.ts'
import { castVote, final, stale } from './ballot.ts'
import { checkElectorate, type Electorate, type Proposal } from './proposal.ts'
import {
  type ConsensusRow,
  type ConsensusState,
  type ConsensusStatus,
  consensusStatuses,
  fromRow,
} from './state.ts'

export type { Proposal } from './proposal.ts'
export type { ConsensusState } from './state.ts'

export interface Vote {
  /** Default: the handle's agent. */
  voter?: string | undefined
  /** The version that was read before voting: the vote is refused when another was proposed since. */
  ballot?: number | undefined
}

export interface ConsensusFilter extends PageOptions {
  status?: ConsensusStatus | undefined
}

/**
 * Agreement among agents: one proposes a value under a key, others vote, and what the quorum accepts is
 * final.
 *
 * What makes the votes sound is that all agents use one store, the single register that puts their votes in
 * an order; no messages between agents are needed for that, and none are sent. The quorum is the swarm's own
 * policy of how many must agree. It is not fault tolerance: a decision is as durable as the store, whatever
 * the quorum.
 *
 * Every change appends an event in its own transaction: `consensus.proposed`, `consensus.accepted` and
 * `consensus.refused` for the votes, `consensus.decided` and `consensus.rejected` for how they end, and
 * `consensus.deleted`. A deadline passes by itself, without one.
 */
export class Consensus {
  readonly #context: Context

  constructor(context: Context) {
    this.#context = context
  }

  /**
   * Proposes a value under a key, as a new ballot: an open, rejected or expired proposal is replaced, and
   * votes for it no longer count. Enough `acceptors` among the voters decide it at once.
   * @throws Conflict when the key is decided, with the decision in `details`
   */
  async propose(key: string, proposal: Proposal): Promise<ConsensusState> {
    const checked = this.#checked(key, proposal)
    return this.#context.db.transaction(async tx => {
      const [row] = await tx.all<ConsensusRow>(this.#upsert(checked))
      if (row === undefined) throw final(found(await this.#lock(tx, checked.key), checked.key))
      const state = fromRow(row)
      await tx.all(sql`delete from hivewax_votes where key = ${state.key} and ballot < ${state.version}`)
      await this.#recordVotes(tx, state, state.acceptors, true)
      await this.#announce(tx, state, 'proposed', state.proposer)
      return state
    })
  }

  /**
   * Votes for the proposal. A voter's vote in a ballot is final: the same again changes nothing, even after
   * the decision, and returns the state. Of any number of voters at the same time each counts.
   * @throws NotFound without a proposal; Conflict after voting the other way, or when it is no longer open;
   *   Conflict `stale_token` when `ballot` is not the current one; InvalidInput when `voter` is none of the
   *   voters
   */
  accept(key: string, vote: Vote = {}): Promise<ConsensusState> {
    return this.#vote(key, vote, true)
  }

  /** Votes against the proposal, under the same rules as `accept`. */
  reject(key: string, vote: Vote = {}): Promise<ConsensusState> {
    return this.#vote(key, vote, false)
  }

  /** The latest proposal of a key and its votes, or undefined when nothing was proposed. */
  async get(key: string): Promise<ConsensusState | undefined> {
    const [row] = await this.#context.db.all<ConsensusRow>(
      sql`select ${this.#columns()} from consensus_state where key = ${checkName('key', key)}`,
    )
    return row && fromRow(row)
  }

  /** Proposals by key. */
  async list(filter: ConsensusFilter = {}): Promise<Page<ConsensusState>> {
    const limit = pageLimit(filter.limit)
    const rows = await this.#context.db.all<ConsensusRow>(
      sql`select ${this.#columns()} from consensus_state where ${this.#matching(filter)}
          order by key limit ${limit + 1}`,
    )
    return toPage(rows, limit, fromRow, row => [row.key])
  }

  /**
   * Deletes a proposal with its votes. False when there was none. A decided one is only deleted by force,
   * else Conflict.
   */
  async delete(key: string, { force = false }: { force?: boolean | undefined } = {}): Promise<boolean> {
    const name = checkName('key', key)
    return this.#context.db.transaction(async tx => {
      const state = await this.#lock(tx, name)
      if (state === undefined) return false
      if (state.status === 'decided' && !force) throw final(state)
      await tx.all(sql`delete from consensus_state where key = ${name}`)
      await this.#announce(tx, state, 'deleted', this.#context.agentId)
      return true
    })
  }

  async #vote(
    key: string,
    { voter = this.#context.agentId, ballot }: Vote,
    accepts: boolean,
  ): Promise<ConsensusState> {
    const name = checkName('key', key)
    const who = checkName('voter', voter)
    const wanted = ballot === undefined ? undefined : checkInteger('ballot', ballot, 1)
    return this.#context.db.transaction(async tx => {
      const state = found(await this.#lock(tx, name), name)
      if (wanted !== undefined && wanted !== state.version) throw stale(state, wanted)
      const voted = castVote(state, who, accepts)
      if (voted === undefined) return state
      await this.#recordVotes(tx, voted, [who], accepts)
      return this.#count(tx, voted, who, accepts)
    })
  }

  /** Reads a proposal and keeps others from changing it until the transaction ends. */
  async #lock(tx: Db, key: string): Promise<ConsensusState | undefined> {
    const [row] = await tx.all<ConsensusRow>(
      sql`update consensus_state set timestamp = timestamp where key = ${key} returning ${this.#columns()}`,
    )
    return row && fromRow(row)
  }

  /** Once per voter and ballot: the primary key sees to it. */
  async #recordVotes(tx: Db, { key, version }: ConsensusState, voters: readonly string[], accepts: boolean) {
    const rows = voters.map(voter => sql`(${key}, ${version}, ${voter}, ${accepts}, ${tx.dialect.now()})`)
    if (rows.length === 0) return
    await tx.all(sql`insert into hivewax_votes (key, ballot, voter, accepts, voted_at) values ${join(rows)}`)
  }

  async #count(tx: Db, voted: ConsensusState, voter: string, accepts: boolean): Promise<ConsensusState> {
    const { key, status, acceptors, rejectors } = voted
    const [row] = await tx.all<ConsensusRow>(
      sql`update consensus_state set
            accepts = accepts + ${accepts}, acceptors = ${JSON.stringify(acceptors)},
            rejects = rejects + ${!accepts}, rejectors = ${JSON.stringify(rejectors)},
            status = ${status}, decided_at = ${status === 'decided' ? tx.dialect.now() : undefined}
          where key = ${key} returning ${this.#columns()}`,
    )
    const state = row === undefined ? voted : fromRow(row)
    await this.#announce(tx, state, accepts ? 'accepted' : 'refused', voter)
    return state
  }

  /** Tells what happened, and after it how the vote ended, if it did. */
  async #announce(tx: Db, state: ConsensusState, what: string, source = 'system'): Promise<void> {
    const { key, version, status, accepts, rejects } = state
    const data = { key, version, status, accepts, rejects }
    const ended = what !== 'deleted' && status !== 'open' ? [status] : []
    await appendEvents(
      tx,
      [what, ...ended].map(word => ({ type: `consensus.${word}`, source, data })),
    )
  }

  #upsert({ key, value, proposer, acceptors, voters, quorum, deadline, status }: CheckedProposal): Sql {
    const now = this.#context.db.dialect.now()
    return sql`
      insert into consensus_state (key, value, version, proposer, acceptors, timestamp, status, voters,
                                   quorum, accepts, rejects, rejectors, deadline, decided_at)
      values (${key}, ${value}, (select value + 1 from hivewax_counters where name = 'floor'), ${proposer},
              ${JSON.stringify(acceptors)}, ${now}, ${status}, ${voters && JSON.stringify(voters)}, ${quorum},
              ${acceptors.length}, 0, '[]', ${deadline}, ${status === 'decided' ? now : undefined})
      on conflict (key) do update set
        value = excluded.value, proposer = excluded.proposer, acceptors = excluded.acceptors,
        version = case when consensus_state.version < excluded.version
                  then excluded.version else consensus_state.version + 1 end,
        timestamp = excluded.timestamp, status = excluded.status, voters = excluded.voters,
        quorum = excluded.quorum, accepts = excluded.accepts, rejects = excluded.rejects,
        rejectors = excluded.rejectors, deadline = excluded.deadline, decided_at = excluded.decided_at
      where consensus_state.status <> 'decided'
      returning ${this.#columns()}`
  }

  /** A row as everybody sees it at this moment: what is open past its deadline has expired. */
  #columns(): Sql {
    return sql`key, value, version, proposer, acceptors, rejectors, voters, quorum, accepts, rejects,
      deadline, decided_at, timestamp, case when ${this.#lapsed()} then 'expired' else status end as status`
  }

  #lapsed(): Sql {
    return sql`status = 'open' and deadline is not null and deadline <= ${this.#context.db.dialect.now()}`
  }

  #matching({ status, cursor }: ConsensusFilter): Sql {
    const parts = [sql`1 = 1`]
    const after = cursorPosition(cursor, 1)
    if (after !== undefined) parts.push(sql`key > ${after[0]}`)
    if (status !== undefined) {
      const wanted = checkOneOf('status', status, consensusStatuses)
      parts.push(sql`case when ${this.#lapsed()} then 'expired' else status end = ${wanted}`)
    }
    return join(parts, ' and ')
  }

  #checked(key: string, proposal: Proposal): CheckedProposal {
    const { value, proposer = this.#context.agentId } = proposal
    return {
      key: checkName('key', key),
      value: encodeJson('value', value, this.#context.maxValueBytes),
      proposer: proposer === undefined ? undefined : checkName('proposer', proposer),
      deadline: proposal.deadline === undefined ? undefined : this.#deadline(proposal.deadline),
      ...checkElectorate(proposal),
    }
  }

  #deadline(deadline: Moment): Sql | Date {
    const moment = readMoment('deadline', deadline)
    if (!(moment instanceof Date)) return this.#context.db.dialect.now(moment)
    if (moment.getTime() > this.#context.clock.now()) return moment
    throw new InvalidInput(`deadline must lie in the future, got ${moment.toISOString()}`)
  }
}

interface CheckedProposal extends Electorate {
  key: string
  value: string
  proposer: string | undefined
  deadline: Sql | Date | undefined
}

function found(state: ConsensusState | undefined, key: string): ConsensusState {
  if (state !== undefined) return state
  throw new NotFound(`nothing was proposed under ${describe(key)}`, {
    hint: 'Propose a value first.',
    details: { key },
  })
}
