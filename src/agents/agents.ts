import type { Context } from '../context.ts'
import type { Db } from '../db/db.ts'
import type { Redacted, RedactOptions } from '../db/history/redact.ts'
import { oneLocked } from '../db/locked-records.ts'
import { theRow } from '../db/rows.ts'
import { type Sql, sql } from '../db/sql.ts'
import { InvalidInput, NotFound } from '../errors.ts'
import { checkInteger, checkName, checkNames } from '../util/check.ts'
import { ttlMs } from '../util/duration.ts'
import { encodeJson, type Json } from '../util/json.ts'
import type { Page, PageOptions } from '../util/page.ts'
import { type Agent, type AgentRow, columns, fromRow } from './agent.ts'
import { type AgentChange, appendAgentEvents, type Released } from './agent-changes.ts'
import {
  AgentMemory,
  type AgentMemoryFilter,
  type AgentMemoryRecord,
  type AgentMemoryVersion,
  deleteAllMemory,
} from './agent-memory.ts'
import { type AgentConnection, connectAgent, disconnectAgent } from './connections.ts'
import { firstIncarnation, unregistered } from './ensure-agent.ts'
import { type Held, type Holder, holdersOf } from './holders.ts'
import {
  assertHoldsNothing,
  endLife,
  type LapsedAgent,
  releaseAll,
  releaseLapsed,
  releaseLapsedBatch,
  releaseLost,
  workOf,
} from './holdings.ts'
import { staleIncarnation } from './incarnation.ts'
import { type AgentFilter, listAgents } from './list.ts'
import { heartbeatAssignments, revivalAssignments } from './liveness.ts'
import { checkAgents } from './option-names.ts'
import { watchAgents } from './watch-agents.ts'

export interface NewAgent {
  id: string
  /** What kind of agent: `coder`, `tester` … Any name but `unregistered`. */
  type: string
  /** What it can do, by names of the swarm's choice. */
  capabilities?: readonly string[] | undefined
  swarmId?: string | undefined
  /** What it is doing: any JSON value. */
  state?: unknown
  /** Anything else worth keeping about it. */
  metadata?: unknown
  /** Seconds without a heartbeat or a write of its own after which it counts as gone; fractions allowed. Default: never. */
  ttl?: number | undefined
}

export interface AgentPatch {
  state?: unknown
  metadata?: unknown
  capabilities?: readonly string[] | undefined
}

export interface HeartbeatOptions {
  /** The incarnation that `register` returned: a later registration under the same id then refuses this one. */
  incarnation?: number | undefined
}

export interface DeleteAgentOptions {
  /** Delete its memory and end its leases too, instead of refusing. */
  cascade?: boolean | undefined
}

export interface RevertMemoryOptions {
  /** The change whose value is to be stored again. */
  revision: number
}

export interface WatchAgentsOptions {
  /** Only changes of agents of this swarm. */
  swarmId?: string | undefined
  /** Start after this change, by its `id`. Default: with the next change after the call. */
  since?: number | undefined
  /** Ends the watch, without an error. */
  signal?: AbortSignal | undefined
}

export type { AgentFilter } from './list.ts'

/** The registry of agents, their heartbeats, and the memory that each has to itself. */
export class Agents {
  readonly #context: Context
  readonly #memory: AgentMemory

  constructor(context: Context) {
    this.#context = context
    this.#memory = new AgentMemory(context)
  }

  /**
   * Registers an agent, alive from now. Registering an id again begins a new incarnation of it and replaces the
   * whole registration: what is not passed this time is gone, but its memory stays. What a run before held is
   * released when that had lapsed; else it stays leased, since the agent may only be saying something new of
   * itself. Handles that act as a former incarnation are refused from now on; see {@link Memory.as}.
   */
  async register(agent: NewAgent): Promise<Agent> {
    checkAgents.register(agent)
    const id = checkName('id', agent.id)
    const type = checkType(agent.type)
    const swarmId = agent.swarmId === undefined ? undefined : checkName('swarmId', agent.swarmId)
    const lifeMs = agent.ttl === undefined ? undefined : ttlMs(agent.ttl)
    const { capabilities, state, metadata, crc } = this.#encode(agent)
    return this.#context.db.transaction(async tx => {
      await releaseLapsedBatch(this.#context, tx, id)
      const { dialect } = tx
      const aliveUntil = lifeMs === undefined ? undefined : sql`${dialect.leaseNow()} + ${lifeMs}`
      const rows = await tx.all<AgentRow>(
        sql`insert into agents (id, type, capabilities, state, swarm_id, created_at, last_active, metadata,
              incarnation, ttl_ms, alive_until, alive_epoch, type_crc, capabilities_crc, state_crc, metadata_crc)
            values (${id}, ${type}, ${capabilities}, ${state}, ${swarmId}, ${dialect.now()}, ${dialect.now()},
              ${metadata}, ${firstIncarnation}, ${lifeMs}, ${aliveUntil}, ${dialect.leaseEpoch()},
              ${dialect.checksum('agents', 'type_crc', { id, type, swarm_id: swarmId })}, ${crc.capabilities},
              ${crc.state}, ${crc.metadata})
            on conflict (id) do update set
              type = excluded.type, capabilities = excluded.capabilities, state = excluded.state,
              swarm_id = excluded.swarm_id, metadata = excluded.metadata, last_active = excluded.last_active,
              incarnation = agents.incarnation + 1, ttl_ms = excluded.ttl_ms,
              alive_until = excluded.alive_until, alive_epoch = excluded.alive_epoch, lapsed_at = null,
              type_crc = excluded.type_crc, capabilities_crc = excluded.capabilities_crc,
              state_crc = excluded.state_crc, metadata_crc = excluded.metadata_crc
            returning ${columns(dialect)}, ${dialect.assertAboveFloor(sql`agents`, sql`incarnation`)} as issued`,
      )
      const registered = fromRow(theRow(rows))
      await this.#log(tx, 'registered', registered)
      return registered
    })
  }

  /**
   * A heartbeat: the agent is alive for another `ttl` from now, even when it had lapsed.
   * @throws NotFound when the agent is not registered, Conflict `stale_token` when it has another incarnation
   */
  async heartbeat(id: string, options: HeartbeatOptions = {}): Promise<Agent> {
    checkAgents.heartbeat(options)
    checkName('id', id)
    const { incarnation } = options
    if (incarnation !== undefined) checkInteger('incarnation', incarnation, 0)
    const beat = { id, incarnation }
    const { db } = this.#context
    const renewed = (await this.#renew(db, beat)) ?? (await this.#revive(beat))
    return renewed ?? this.#stale(beat)
  }

  /** An agent, or undefined when there is none of this id. */
  async get(id: string): Promise<Agent | undefined> {
    const row = await oneLocked<AgentRow>(
      this.#context.db,
      { table: 'agents', key: checkName('id', id) },
      sql`select ${this.#columns()} from agents where id = ${id}`,
    )
    return row === undefined ? undefined : fromRow(row)
  }

  /** Agents by id, those without a registration too. */
  async list(filter: AgentFilter = {}): Promise<Page<Agent>> {
    checkAgents.list(filter)
    await releaseLost(this.#context)
    return listAgents(this.#context.db, filter)
  }

  /**
   * Sets what is passed and leaves the rest. Not a heartbeat of the agent: others may describe it too.
   * @throws NotFound when there is no agent of this id
   */
  async update(id: string, patch: AgentPatch): Promise<Agent> {
    checkAgents.update(patch)
    checkName('id', id)
    const { capabilities, state, metadata, crc } = this.#encode({ ...patch, id })
    return this.#context.db.transaction(async tx => {
      const [row] = await tx.all<AgentRow>(
        sql`update agents set capabilities = coalesce(${capabilities}, capabilities),
              state = coalesce(${state}, state), metadata = coalesce(${metadata}, metadata),
              capabilities_crc = coalesce(${crc.capabilities}, capabilities_crc),
              state_crc = coalesce(${crc.state}, state_crc), metadata_crc = coalesce(${crc.metadata}, metadata_crc)
            where id = ${id} returning ${columns(tx.dialect)}`,
      )
      const updated = row === undefined ? missing(id) : fromRow(row)
      await this.#log(tx, 'updated', updated)
      return updated
    })
  }

  /**
   * Deletes an agent, and takes it out of the topologies. False when there was none of this id. Handles that act as
   * an incarnation of it are refused from now on; one that acts as its id alone may go on, as any caller may that
   * never registered.
   * @throws Conflict when it still has memory, or anything under a lease, unless `cascade` is set: then its memory is
   *   deleted and its leases end in the same transaction
   */
  async delete(id: string, options: DeleteAgentOptions = {}): Promise<boolean> {
    checkAgents.delete(options)
    checkName('id', id)
    return this.#context.db.transaction(async tx => {
      // An update of nothing, to lock the row before what refers to it is looked at.
      const row = await oneLocked<Pick<AgentRow, 'incarnation' | 'swarm_id'>>(
        tx,
        { table: 'agents', key: id },
        sql`update agents set type = type where id = ${id} returning incarnation, swarm_id`,
      )
      if (row === undefined) return false
      if (options.cascade) await deleteAllMemory(tx, id)
      else await assertHoldsNothing(tx, id)
      const { incarnation, swarm_id } = row
      const agents = [{ id, incarnation, swarmId: swarm_id ?? undefined }]
      const released = await releaseAll(this.#context, tx, { agents, source: this.#source })
      await tx.all(sql`delete from hivewax_agent_connections where agent_id = ${id}`)
      await tx.all(sql`delete from agents where id = ${id}`)
      await appendAgentEvents(tx, { change: 'deleted', agents: released, source: this.#source })
      return true
    })
  }

  /**
   * Releases what agents hold whose liveness has lapsed, in one transaction with its events: their tasks can be
   * claimed again, their locks acquired, their leases of shared state end, and consumer groups and workflows go to
   * others; topologies are mended without them. Logs one event `agent.lapsed` for each. However many call this, each
   * lapse is handled once; an agent that sends a heartbeat before its lapse is noticed has not lapsed.
   */
  releaseLapsed(): Promise<LapsedAgent[]> {
    return releaseLapsed(this.#context)
  }

  /**
   * Ends the life of an agent now, as if its `ttl` had passed: what it holds is released, in one transaction with an
   * event `agent.lapsed`. A heartbeat brings it back to life; one without a `ttl` goes on to be alive, with nothing.
   * @throws NotFound when the agent is not registered, Conflict `stale_token` when it has another incarnation
   */
  async release(id: string, options: HeartbeatOptions = {}): Promise<LapsedAgent> {
    checkAgents.release(options)
    const beat = { id: checkName('id', id), incarnation: options.incarnation }
    if (beat.incarnation !== undefined) checkInteger('incarnation', beat.incarnation, 0)
    const { db, agentId, heartbeat } = this.#context
    // First, and so not with what follows: an agent that ends itself would be back to life by its own write.
    if (agentId !== undefined) await heartbeat(db, agentId)
    const end = (tx: Db) => endLife(this.#context, tx, beat)
    return (await this.#context.db.transaction(end)) ?? this.#stale(beat)
  }

  /**
   * Notes a connection by which an agent comes, and that this process has it: when the process is over, and with it the last
   * of the agent's connections, the agent lapses at once, whatever is left of its `ttl`. Who shares the machine with it
   * notices that ({@link releaseLapsed}) where the system tells (Linux does), on PostgreSQL if the server runs there too;
   * elsewhere the `ttl` decides. Noting it again changes nothing.
   */
  async connect(connection: AgentConnection): Promise<void> {
    return connectAgent(this.#context.db, checkedConnection(connection))
  }

  /**
   * Ends a connection. True while the agent has others: what it holds may have come by them, and stays until the last one
   * has ended; undefined where nobody knows, which is through a server.
   */
  async disconnect(connection: AgentConnection): Promise<boolean | undefined> {
    return disconnectAgent(this.#context.db, checkedConnection(connection))
  }

  /**
   * What becomes of agents, as it happens, in any process, in order, each change once, until `signal` aborts.
   * Heartbeats are no changes. A watch looks for lapses itself twice a second ({@link releaseLapsed}), so that a
   * death is reported within a second after the `ttl` even when no other process is there. What is returned can be
   * iterated once, and not inside a transaction; closing the memory ends it with Closed.
   * @throws NotFound `compacted`, with the floor, when events that should follow `since` were pruned
   */
  watch(options: WatchAgentsOptions = {}): AsyncIterable<AgentChange> {
    checkAgents.watch(options)
    return watchAgents(this.#context, options)
  }

  /** What each of these agents works on at this moment: the ids of its running tasks and the names of its locks. */
  async work(ids: readonly string[]): Promise<Map<string, Pick<Released, 'tasks' | 'locks'>>> {
    return workOf(this.#context.db, checkNames('ids', ids))
  }

  /**
   * Who holds each of these at this moment, or held it last: a task, a lock, a lease of shared state, a group of consumers,
   * a run of a workflow, an open vote. Of those that there are, in no order.
   */
  async holders(held: readonly Held[]): Promise<Holder[]> {
    checkAgents.holders(held)
    return holdersOf(this.#context, held)
  }

  /** See {@link AgentMemory.store}. */
  storeMemory(agentId: string, key: string, value: unknown): Promise<void> {
    return this.#memory.store(agentId, key, value)
  }

  /** See {@link AgentMemory.retrieve}. */
  retrieveMemory(agentId: string, key: string): Promise<Json | undefined> {
    return this.#memory.retrieve(agentId, key)
  }

  /** See {@link AgentMemory.list}. */
  async listMemory(agentId: string, filter?: AgentMemoryFilter): Promise<Page<AgentMemoryRecord>> {
    checkAgents.listMemory(filter)
    return this.#memory.list(agentId, filter)
  }

  /** The changes of a key of an agent's memory that its history keeps, latest first. */
  async memoryHistory(
    agentId: string,
    key: string,
    options: PageOptions = {},
  ): Promise<Page<AgentMemoryVersion>> {
    checkAgents.memoryHistory(options)
    return this.#memory.history(agentId, key, options)
  }

  /**
   * Stores again what a key of an agent's memory held at an earlier revision.
   * @throws NotFound when the history has no such revision, or it wrote nothing that is still there
   */
  async revertMemory(agentId: string, key: string, options: RevertMemoryOptions): Promise<void> {
    checkAgents.revertMemory(options)
    return this.#memory.revert(agentId, key, options.revision)
  }

  /** Removes for good what a key of an agent's memory holds and has held: see `kv.redact`. */
  async redactMemory(agentId: string, key: string, options: RedactOptions = {}): Promise<Redacted> {
    checkAgents.redactMemory(options)
    return this.#memory.redact(agentId, key, options)
  }

  /** See {@link AgentMemory.delete}. */
  deleteMemory(agentId: string, key: string): Promise<boolean> {
    return this.#memory.delete(agentId, key)
  }

  get #source(): string {
    return this.#context.agentId ?? 'system'
  }

  #columns(): Sql {
    return columns(this.#context.db.dialect)
  }

  #log(tx: Db, change: AgentChange['change'], { id, incarnation, swarmId }: Agent): Promise<void> {
    return appendAgentEvents(tx, { change, agents: [{ id, incarnation, swarmId }], source: this.#source })
  }

  /** Renews an agent whose lapse nobody has handled. */
  #renew(db: Db, beat: Beat): Promise<Agent | undefined> {
    return this.#beat(db, beat, { set: heartbeatAssignments(db.dialect), where: sql`lapsed_at is null` })
  }

  /** Renews an agent whose lapse was handled; another process may have revived it in between. */
  async #revive(beat: Beat): Promise<Agent | undefined> {
    return this.#context.db.transaction(async tx => {
      const set = revivalAssignments(tx.dialect)
      const revived = await this.#beat(tx, beat, { set, where: sql`lapsed_at is not null` })
      if (revived !== undefined) await this.#log(tx, 'revived', revived)
      return revived ?? this.#beat(tx, beat, { set, where: sql`1 = 1` })
    })
  }

  async #beat(
    db: Db,
    { id, incarnation }: Beat,
    { set, where }: { set: Sql; where: Sql },
  ): Promise<Agent | undefined> {
    const [row] = await db.all<AgentRow>(
      sql`update agents set ${set}
          where id = ${id} and incarnation = coalesce(${incarnation}, incarnation) and ${where}
          returning ${columns(db.dialect)}`,
    )
    return row && fromRow(row)
  }

  /** The JSON texts of what is said of an agent, and their checksums. */
  #encode({ id, ...said }: AgentPatch & { id: string }) {
    const encode = (what: string, value: unknown) =>
      value === undefined ? undefined : encodeJson(what, value, this.#context.maxValueBytes)
    const { dialect } = this.#context.db
    const capabilities = encode(
      'capabilities',
      said.capabilities && checkNames('capabilities', said.capabilities),
    )
    const state = encode('state', said.state)
    const metadata = encode('metadata', said.metadata)
    const crc = {
      capabilities: dialect.checksum('agents', 'capabilities_crc', { id, capabilities }),
      state: dialect.checksum('agents', 'state_crc', { id, state }),
      metadata: dialect.checksum('agents', 'metadata_crc', { id, metadata }),
    }
    return { capabilities, state, metadata, crc }
  }

  async #stale({ id, incarnation }: Beat): Promise<never> {
    throw staleIncarnation(id, incarnation, (await this.get(id)) ?? missing(id))
  }
}

/** Who sends a heartbeat. */
interface Beat {
  id: string
  incarnation: number | undefined
}

function checkedConnection(given: AgentConnection): AgentConnection {
  checkAgents.connect(given)
  return { id: checkName('id', given.id), connection: checkName('connection', given.connection) }
}

function checkType(type: unknown): string {
  if (type !== unregistered) return checkName('type', type)
  throw new InvalidInput(`the type ${JSON.stringify(type)} is kept for agents that nobody registered`, {
    hint: 'Name the kind of agent, such as "coder".',
  })
}

function missing(id: string): never {
  throw new NotFound(`there is no agent ${JSON.stringify(id)}`, {
    hint: 'Register it first: agents.register({ id, type }).',
    details: { id },
  })
}
