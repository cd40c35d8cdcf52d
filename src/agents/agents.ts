import type { Context } from '../context.ts'
import type { Db } from '../db/db.ts'
import { theRow } from '../db/rows.ts'
import { join, type Sql, sql } from '../db/sql.ts'
import { Conflict, InvalidInput, NotFound } from '../errors.ts'
import { checkInteger, checkName, checkNames } from '../util/check.ts'
import { ttlMs } from '../util/duration.ts'
import { decodeLoose, encodeJson, type Json } from '../util/json.ts'
import { cursorPosition, type Page, type PageOptions, pageLimit, toPage } from '../util/page.ts'
import { toDate } from '../util/time.ts'
import { AgentMemory, type AgentMemoryFilter, type AgentMemoryRecord } from './agent-memory.ts'
import { endLeases, holdings, type LapsedAgent, releaseLapsedBatch } from './holdings.ts'
import { hasLapsed, renewal } from './liveness.ts'
import { firstIncarnation, unregistered } from './unregistered.ts'

/** An agent as the registry knows it. */
export interface Agent {
  id: string
  /** What kind of agent; `unregistered` when it has memory here but never registered. */
  type: string
  capabilities: string[]
  state: Json | undefined
  swarmId: string | undefined
  metadata: Json | undefined
  /** Rises with every registration and is never used twice for an id, not even after a delete. */
  incarnation: number
  createdAt: Date
  /** Its last sign of life: a registration, a heartbeat, or a write through a handle of its own. */
  lastActive: Date
  /** Seconds without a sign of life after which it counts as gone; undefined for never. */
  ttl: number | undefined
  /** Computed at the moment of reading. Always true without a `ttl`. */
  alive: boolean
}

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
  /** Seconds without a sign of life after which it counts as gone; fractions allowed. Default: never. */
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

export interface AgentFilter extends PageOptions {
  swarmId?: string | undefined
  type?: string | undefined
  /** Only agents that have this capability. */
  capability?: string | undefined
  /** Only agents that are alive, or only those that are not. */
  alive?: boolean | undefined
}

export interface DeleteAgentOptions {
  /** Delete its memory and end its leases too, instead of refusing. */
  cascade?: boolean | undefined
}

interface AgentRow {
  id: string
  type: string
  capabilities: string | null
  state: string | null
  swarm_id: string | null
  metadata: string | null
  incarnation: number
  created_at: string
  last_active: string
  ttl_ms: number | null
  alive: number
}

/** The registry of agents, their signs of life, and the memory that each has to itself. */
export class Agents {
  readonly #context: Context
  readonly #memory: AgentMemory

  constructor(context: Context) {
    this.#context = context
    this.#memory = new AgentMemory(context)
  }

  /**
   * Registers an agent, alive from now. Registering an id again begins a new incarnation of it and replaces the
   * whole registration: what is not passed this time is gone, but its memory stays.
   */
  async register(agent: NewAgent): Promise<Agent> {
    const { dialect } = this.#context.db
    const id = checkName('id', agent.id)
    const type = checkType(agent.type)
    const swarmId = agent.swarmId === undefined ? undefined : checkName('swarmId', agent.swarmId)
    const lifeMs = agent.ttl === undefined ? undefined : ttlMs(agent.ttl)
    const { capabilities, state, metadata } = this.#encode(agent)
    const aliveUntil = lifeMs === undefined ? undefined : sql`${dialect.leaseNow()} + ${lifeMs}`
    const rows = await this.#context.db.all<AgentRow>(
      sql`insert into agents (id, type, capabilities, state, swarm_id, created_at, last_active, metadata,
            incarnation, ttl_ms, alive_until, alive_epoch)
          values (${id}, ${type}, ${capabilities}, ${state}, ${swarmId}, ${dialect.now()}, ${dialect.now()},
            ${metadata}, ${firstIncarnation}, ${lifeMs}, ${aliveUntil}, ${dialect.leaseEpoch()})
          on conflict (id) do update set
            type = excluded.type, capabilities = excluded.capabilities, state = excluded.state,
            swarm_id = excluded.swarm_id, metadata = excluded.metadata, last_active = excluded.last_active,
            incarnation = agents.incarnation + 1, ttl_ms = excluded.ttl_ms,
            alive_until = excluded.alive_until, alive_epoch = excluded.alive_epoch, lapsed_at = null
          returning ${this.#columns()}`,
    )
    return fromRow(theRow(rows))
  }

  /**
   * A sign of life: the agent is alive for another `ttl` from now, even when it had lapsed.
   * @throws NotFound when the agent is not registered, Conflict `stale_token` when it has another incarnation
   */
  async heartbeat(id: string, options: HeartbeatOptions = {}): Promise<Agent> {
    checkName('id', id)
    const { incarnation } = options
    if (incarnation !== undefined) checkInteger('incarnation', incarnation, 0)
    const [row] = await this.#context.db.all<AgentRow>(
      sql`update agents set ${renewal(this.#context.db.dialect)}
          where id = ${id} and incarnation = coalesce(${incarnation}, incarnation)
          returning ${this.#columns()}`,
    )
    return row === undefined ? this.#stale(id, incarnation) : fromRow(row)
  }

  /** An agent, or undefined when there is none of this id. */
  async get(id: string): Promise<Agent | undefined> {
    const [row] = await this.#context.db.all<AgentRow>(
      sql`select ${this.#columns()} from agents where id = ${checkName('id', id)}`,
    )
    return row === undefined ? undefined : fromRow(row)
  }

  /** Agents by id, those without a registration too. */
  async list(filter: AgentFilter = {}): Promise<Page<Agent>> {
    const limit = pageLimit(filter.limit)
    const rows = await this.#context.db.all<AgentRow>(
      sql`select ${this.#columns()} from agents where ${this.#matches(filter)} order by id limit ${limit + 1}`,
    )
    return toPage(rows, limit, fromRow, row => [row.id])
  }

  /**
   * Sets what is passed and leaves the rest. No sign of life of the agent: others may describe it too.
   * @throws NotFound when there is no agent of this id
   */
  async update(id: string, patch: AgentPatch): Promise<Agent> {
    checkName('id', id)
    const { capabilities, state, metadata } = this.#encode(patch)
    const [row] = await this.#context.db.all<AgentRow>(
      sql`update agents set capabilities = coalesce(${capabilities}, capabilities),
            state = coalesce(${state}, state), metadata = coalesce(${metadata}, metadata)
          where id = ${id} returning ${this.#columns()}`,
    )
    return row === undefined ? missing(id) : fromRow(row)
  }

  /**
   * Deletes an agent. False when there was none of this id.
   * @throws Conflict when it still has memory, or tasks or locks under a lease, unless `cascade` is set: then its
   *   memory is deleted and its leases end in the same transaction
   */
  async delete(id: string, options: DeleteAgentOptions = {}): Promise<boolean> {
    checkName('id', id)
    return this.#context.db.transaction(async tx => {
      // An update of nothing, to lock the row before what refers to it is looked at.
      const rows = await tx.all(sql`update agents set type = type where id = ${id} returning id`)
      if (rows.length === 0) return false
      if (options.cascade) await dropHoldings(tx, id)
      else await refuseHoldings(tx, id)
      await tx.all(sql`delete from agents where id = ${id}`)
      return true
    })
  }

  /**
   * Ends the leases of agents whose liveness has lapsed: their tasks can be claimed again, their locks acquired.
   * Logs one event `agent.lapsed` for each. However many call this, each lapse is handled once; an agent that gives
   * a sign of life before anybody noticed has not lapsed.
   */
  async releaseLapsed(): Promise<LapsedAgent[]> {
    const released: LapsedAgent[] = []
    // Looking first: with nothing to do, which is the rule, no writer has to wait.
    while (await this.#anyLapsed()) {
      const source = this.#context.agentId ?? 'system'
      released.push(...(await this.#context.db.transaction(tx => releaseLapsedBatch(tx, source))))
    }
    return released
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
  listMemory(agentId: string, filter?: AgentMemoryFilter): Promise<Page<AgentMemoryRecord>> {
    return this.#memory.list(agentId, filter)
  }

  /** See {@link AgentMemory.delete}. */
  deleteMemory(agentId: string, key: string): Promise<boolean> {
    return this.#memory.delete(agentId, key)
  }

  #columns(): Sql {
    return sql`id, type, capabilities, state, swarm_id, metadata, incarnation, created_at, last_active, ttl_ms,
      case when ${hasLapsed(this.#context.db.dialect)} then 0 else 1 end as alive`
  }

  #matches(filter: AgentFilter): Sql {
    const { dialect } = this.#context.db
    const { swarmId, type, capability, alive } = filter
    const after = cursorPosition(filter.cursor, 1)
    const parts = [sql`1 = 1`]
    if (swarmId !== undefined) parts.push(sql`swarm_id = ${checkName('swarmId', swarmId)}`)
    if (type !== undefined) parts.push(sql`type = ${checkName('type', type)}`)
    if (capability !== undefined)
      parts.push(dialect.holds(sql`capabilities`, checkName('capability', capability)))
    if (alive !== undefined) parts.push(alive ? sql`not ${hasLapsed(dialect)}` : hasLapsed(dialect))
    if (after !== undefined) parts.push(sql`id > ${after[0]}`)
    return join(parts, ' and ')
  }

  #encode({ capabilities, state, metadata }: AgentPatch) {
    const encode = (what: string, value: unknown) =>
      value === undefined ? undefined : encodeJson(what, value, this.#context.maxValueBytes)
    return {
      capabilities: encode('capabilities', capabilities && checkNames('capabilities', capabilities)),
      state: encode('state', state),
      metadata: encode('metadata', metadata),
    }
  }

  async #anyLapsed(): Promise<boolean> {
    const rows = await this.#context.db.all(
      sql`select id from agents where lapsed_at is null and ${hasLapsed(this.#context.db.dialect)} limit 1`,
    )
    return rows.length > 0
  }

  async #stale(id: string, incarnation: number | undefined): Promise<never> {
    const current = (await this.get(id)) ?? missing(id)
    throw new Conflict(
      `agent ${JSON.stringify(id)} was registered again: it has incarnation ${current.incarnation}, not ${incarnation}`,
      {
        hint: 'Another process runs under this id: stop this one, or register it under an id of its own.',
        details: { id, incarnation: current.incarnation },
      },
      'stale_token',
    )
  }
}

async function dropHoldings(tx: Db, agentId: string): Promise<void> {
  await tx.all(sql`delete from agent_memory where agent_id = ${agentId}`)
  await endLeases(tx, [agentId])
}

async function refuseHoldings(tx: Db, agentId: string): Promise<void> {
  const held = await holdings(tx, agentId)
  if (held.memory + held.tasks + held.locks === 0) return
  throw new Conflict(
    `agent ${JSON.stringify(agentId)} still has ${held.memory} keys of memory, ${held.tasks} running tasks and ` +
      `${held.locks} locks`,
    {
      hint: 'Delete it with cascade to let them go, or wait until it is done.',
      details: { agentId, ...held },
    },
  )
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

function fromRow(row: AgentRow): Agent {
  return {
    id: row.id,
    type: row.type,
    capabilities: row.capabilities === null ? [] : toNames(decodeLoose(row.capabilities)),
    state: row.state === null ? undefined : decodeLoose(row.state),
    swarmId: row.swarm_id ?? undefined,
    metadata: row.metadata === null ? undefined : decodeLoose(row.metadata),
    incarnation: row.incarnation,
    createdAt: toDate(row.created_at),
    lastActive: toDate(row.last_active),
    ttl: row.ttl_ms === null ? undefined : row.ttl_ms / 1000,
    alive: row.alive === 1,
  }
}

/** A foreign writer may have put anything where an array of names belongs. */
function toNames(capabilities: Json): string[] {
  return Array.isArray(capabilities) ? capabilities.filter(name => typeof name === 'string') : []
}
