import type { Context } from '../context.ts'
import type { Db } from '../db/db.ts'
import { type Batch, follow } from '../db/follow.ts'
import { oneLocked } from '../db/locked-records.ts'
import { appendEvents } from '../db/outbox.ts'
import { theRow } from '../db/rows.ts'
import { join, type Sql, sql } from '../db/sql.ts'
import { Deadline, InvalidInput, NotFound } from '../errors.ts'
import { checkInteger, checkName, checkOneOf, describe } from '../util/check.ts'
import { chunks } from '../util/chunks.ts'
import { cursorPosition, type Page, type PageOptions, pageLimit, toPage } from '../util/page.ts'
import { castVote, final, stale } from './ballot.ts'
import {
  type ConsensusRow,
  type ConsensusState,
  type ConsensusStatus,
  consensusStatuses,
  fromRow,
  hasExpired,
  presentColumns,
  votesText,
} from './consensus-state.ts'
import { checkConsensus } from './option-names.ts'
import { type Proposal, weigh } from './proposal.ts'
import { checkProposal, proposing } from './propose.ts'
import { type RecordedVote, type RecordedVoteRow, toVote, columns as voteColumns } from './votes.ts'

export type { ConsensusState } from './consensus-state.ts'
export type { Proposal } from './proposal.ts'
export type { RecordedVote } from './votes.ts'

export interface Vote {
  /** Default: the handle's agent. */
  voter?: string | undefined
  /** The version that was read before voting: the vote is refused when another was proposed since. */
  ballot?: number | undefined
}

export interface VotesFilter extends PageOptions {
  /** Only votes of this ballot. Default: all that are kept. */
  ballot?: number | undefined
}

export interface WaitOptions {
  /** How long to wait at most, in milliseconds. Default: for ever. */
  timeoutMs?: number | undefined
  /** Ends the wait with the signal's reason. */
  signal?: AbortSignal | undefined
}

export interface ConsensusFilter extends PageOptions {
  status?: ConsensusStatus | undefined
}

/** How many ballots of a key keep their votes, the current one included. */
const keptBallots = 100

/** Votes per statement: few texts for the statement cache, and far from any engine's limit of parameters. */
const votesPerInsert = 100

/** The longest that a timer of Node.js takes. */
const maxTimeoutMs = 2_147_483_647

/**
 * Agreement among agents: one proposes a value under a key, others vote, and what the quorum accepts is
 * final.
 *
 * What makes the votes sound is that all agents use one store, the single register that puts their votes in
 * an order; no messages between agents are needed for that, and none are sent. The quorum is the swarm's own
 * policy of how many must agree. It is not fault tolerance: a decision is as durable as the store, whatever
 * the quorum. With durability `full`, the default, it survives a power cut; where every handle of a process
 * chose `normal`, a power cut may undo the last decisions, and then others may be taken in their place.
 *
 * Every change appends an event in its own transaction: `consensus.proposed`, `consensus.accepted` and
 * `consensus.refused` for the votes, `consensus.decided` and `consensus.rejected` for how they end, and
 * `consensus.deleted`. A deadline passes by itself, by the wall clock; `consensus.expired` says that a
 * waiting call has noticed, and from then on setting the clock back does not open the ballot again.
 *
 * A choice among several candidates is a proposal for one of them, and another ballot when it is rejected: so
 * nothing wins that the quorum did not accept. Who leads a group of processes is a matter of leases, not of votes.
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
    checkConsensus.propose(proposal)
    const checked = checkProposal(this.#context, key, proposal)
    return this.#context.db.transaction(async tx => {
      const [row] = await tx.all<ConsensusRow>(proposing(tx, checked))
      if (row === undefined) throw final(found(await this.#lock(tx, checked.key), checked.key))
      const state = fromRow(row)
      await tx.all(
        sql`delete from hivewax_votes where key = ${state.key} and ballot <= ${state.version - keptBallots}`,
      )
      await this.#recordVotes(tx, state, { voters: state.acceptors, accepts: true })
      await this.#announce(tx, state, { what: 'proposed', source: state.proposer })
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
  async accept(key: string, vote: Vote = {}): Promise<ConsensusState> {
    checkConsensus.accept(vote)
    return this.#vote(key, vote, true)
  }

  /** Votes against the proposal, under the same rules as `accept`. */
  async reject(key: string, vote: Vote = {}): Promise<ConsensusState> {
    checkConsensus.reject(vote)
    return this.#vote(key, vote, false)
  }

  /** The latest proposal of a key and its votes, or undefined when nothing was proposed. */
  async get(key: string): Promise<ConsensusState | undefined> {
    const row = await oneLocked<ConsensusRow>(
      this.#context.db,
      { table: 'consensus_state', key: checkName('key', key) },
      sql`select ${this.#columns()} from consensus_state where key = ${key}`,
    )
    return row && fromRow({ ...row, key })
  }

  /** Proposals by key. */
  async list(filter: ConsensusFilter = {}): Promise<Page<ConsensusState>> {
    checkConsensus.list(filter)
    const limit = pageLimit(filter.limit)
    const rows = await this.#context.db.all<ConsensusRow>(
      sql`select ${this.#columns()} from consensus_state where ${this.#matching(filter, limit + 1)}
          order by key limit ${limit + 1}`,
    )
    return toPage(rows, limit, { item: fromRow, position: row => [row.key] })
  }

  /**
   * Every vote on a key, by ballot and then by voter, to see how a decision came about: those of
   * the last 100 ballots are kept.
   */
  async votes(key: string, filter: VotesFilter = {}): Promise<Page<RecordedVote>> {
    checkConsensus.votes(filter)
    const { ballot, ...page } = filter
    const limit = pageLimit(page.limit)
    const after = cursorPosition(page.cursor, 2)
    const parts = [sql`key = ${checkName('key', key)}`]
    if (ballot !== undefined) parts.push(sql`ballot = ${checkInteger('ballot', ballot, 1)}`)
    if (after !== undefined) parts.push(sql`(ballot, voter) > (${after[0]}, ${after[1]})`)
    const rows = await this.#context.db.all<RecordedVoteRow>(
      sql`select ${voteColumns} from hivewax_votes
          where ${join(parts, ' and ')} order by ballot, voter limit ${limit + 1}`,
    )
    return toPage(rows, limit, { item: toVote, position: row => [row.ballot, row.voter] })
  }

  /**
   * Waits until the vote on a key has ended, by whichever process, and returns how: decided, rejected or expired
   * (within a second of the deadline). A value that is proposed anew meanwhile is waited for in its turn. Not for
   * use inside a transaction, in which no other vote can arrive.
   * @throws Deadline after `timeoutMs`; NotFound when nothing is proposed, or no longer; InvalidInput when the
   *   proposal has no voters and so can never end
   */
  async wait(key: string, options: WaitOptions = {}): Promise<ConsensusState> {
    checkConsensus.wait(options)
    const { timeoutMs, signal } = options
    const name = checkName('key', key)
    if (this.#context.transactionId !== undefined) throw inTransaction()
    const ends = signal === undefined ? [] : [signal]
    if (timeoutMs !== undefined)
      ends.push(AbortSignal.timeout(checkInteger('timeoutMs', timeoutMs, 0, maxTimeoutMs)))
    const { db } = this.#context
    const end = AbortSignal.any(ends)
    for await (const state of follow(db, () => this.#ended(name), { signal: end })) return state
    signal?.throwIfAborted()
    // What was read as the time ran out came too late to be returned.
    const [last] = (await this.#ended(name)).items
    if (last !== undefined) return last
    throw new Deadline(`the vote on ${describe(name)} had not ended after ${timeoutMs} ms`, {
      hint: 'Wait again, or propose with a deadline so that it ends in any case.',
      details: { key: name },
    })
  }

  /**
   * Deletes a proposal with its votes. False when there was none. A decided one is only deleted by force,
   * else Conflict.
   */
  async delete(key: string, options: { force?: boolean | undefined } = {}): Promise<boolean> {
    checkConsensus.delete(options)
    const { force = false } = options
    const name = checkName('key', key)
    return this.#context.db.transaction(async tx => {
      const row = await this.#lockRow(tx, name)
      if (row === undefined) return false
      if (row.status === 'decided' && !force) throw final(fromRow(row))
      await tx.all(sql`delete from consensus_state where key = ${name}`)
      await this.#announce(tx, row, { what: 'deleted', source: this.#context.agentId })
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
      await this.#recordVotes(tx, voted, { voters: [who], accepts })
      return this.#count(tx, voted, { voter: who, accepts })
    })
  }

  /** The proposal once it has ended, else nothing yet. */
  async #ended(key: string): Promise<Batch<ConsensusState>> {
    const state = found(await this.get(key), key)
    if (state.voters === undefined) throw endless(key)
    if (state.status === 'expired') await this.#expire(state)
    return { items: state.status === 'open' ? [] : [state], cursor: 0, more: false }
  }

  /** Stores that the deadline has passed, once. */
  async #expire({ key, version }: ConsensusState): Promise<void> {
    await this.#context.db.transaction(async tx => {
      const [row] = await tx.all<ConsensusRow>(
        sql`update consensus_state set status = 'expired'
            where key = ${key} and version = ${version} and ${hasExpired(tx.dialect)} returning ${this.#columns()}`,
      )
      if (row !== undefined) await this.#announce(tx, fromRow(row), { what: 'expired' })
    })
  }

  /** Reads a proposal and keeps others from changing it until the transaction ends. */
  async #lock(tx: Db, key: string): Promise<ConsensusState | undefined> {
    const row = await this.#lockRow(tx, key)
    return row && fromRow(row)
  }

  #lockRow(tx: Db, key: string): Promise<ConsensusRow | undefined> {
    return oneLocked<ConsensusRow>(
      tx,
      { table: 'consensus_state', key },
      sql`update consensus_state set timestamp = timestamp where key = ${key} returning ${this.#columns()}`,
    )
  }

  /** Once per voter and ballot: the primary key sees to it. */
  async #recordVotes(
    tx: Db,
    { key, version, weights }: ConsensusState,
    { voters, accepts }: { voters: readonly string[]; accepts: boolean },
  ): Promise<void> {
    const rows = voters.map(
      voter =>
        sql`(${key}, ${version}, ${voter}, ${accepts}, ${weigh([voter], weights)}, ${tx.dialect.now()})`,
    )
    for (const values of chunks(rows, votesPerInsert)) {
      await tx.all(sql`insert into hivewax_votes (key, ${voteColumns}) values ${join(values)}`)
    }
  }

  async #count(
    tx: Db,
    voted: ConsensusState,
    { voter, accepts }: { voter: string; accepts: boolean },
  ): Promise<ConsensusState> {
    const { key, version, status, acceptors, rejectors } = voted
    const weight = weigh([voter], voted.weights)
    const votes = votesText(key, { acceptors, rejectors })
    const crc = tx.dialect.checksum('consensus_state', 'votes_crc', votes)
    const rows = await tx.all<ConsensusRow>(
      sql`update consensus_state set
            accepts = accepts + ${accepts ? weight : 0}, acceptors = ${votes.acceptors},
            rejects = rejects + ${accepts ? 0 : weight}, rejectors = ${votes.rejectors}, votes_crc = ${crc},
            status = ${status}, decided_at = ${status === 'decided' ? tx.dialect.now() : undefined}
          where key = ${key} and version = ${version} and status = 'open' returning ${this.#columns()}`,
    )
    const state = fromRow(theRow(rows))
    await this.#announce(tx, state, { what: accepts ? 'accepted' : 'refused', source: voter })
    return state
  }

  /** Appends the event of what happened, and after it how the vote ended, if it did. */
  async #announce(
    tx: Db,
    { key, version, status, accepts, rejects }: Standing,
    { what, source = 'system' }: { what: string; source?: string | undefined },
  ): Promise<void> {
    const data = { key, version, status, accepts, rejects }
    const ended = what !== 'deleted' && status !== 'open' ? [status] : []
    const words = [...new Set([what, ...ended])]
    await appendEvents(
      tx,
      words.map(word => ({ type: `consensus.${word}`, source, data })),
    )
  }

  #columns(): Sql {
    return presentColumns(this.#context.db.dialect)
  }

  #matching({ status, cursor }: ConsensusFilter, limit: number): Sql {
    const after = cursorPosition(cursor, 1)
    const rest = after === undefined ? sql`1 = 1` : sql`key > ${after[0]}`
    if (status === undefined) return rest
    const wanted = checkOneOf('status', status, consensusStatuses)
    if (wanted === 'open')
      return sql`status = 'open' and (${hasExpired(this.#context.db.dialect)}) is not true and ${rest}`
    if (wanted !== 'expired') return sql`status = ${wanted} and ${rest}`
    // Two ranges of the index, each in order of key.
    const first = (which: Sql) =>
      sql`select key from (select key from consensus_state where ${which} and ${rest} order by key limit ${limit}) as first`
    const expired = sql`${first(sql`status = 'expired'`)} union all ${first(hasExpired(this.#context.db.dialect))}`
    return this.#context.db.dialect.inQuery(sql`key`, expired)
  }
}

/** How a ballot stands, for its events. */
type Standing = Pick<ConsensusState, 'key' | 'version' | 'status' | 'accepts' | 'rejects'>

function found(state: ConsensusState | undefined, key: string): ConsensusState {
  if (state !== undefined) return state
  throw new NotFound(`nothing was proposed under ${describe(key)}`, {
    hint: 'Propose a value first.',
    details: { key },
  })
}

function endless(key: string): InvalidInput {
  return new InvalidInput(`the proposal under ${describe(key)} has no voters, so it never ends`, {
    hint: 'Propose it with voters.',
    details: { key },
  })
}

function inTransaction(): InvalidInput {
  return new InvalidInput(
    'nobody can vote while the transaction that waits for it is open',
    { hint: 'Wait before the transaction, or after it.' },
    'transaction_misuse',
  )
}
