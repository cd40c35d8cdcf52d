import type { Agent } from './agents/agent.ts'
import type { Agents, NewAgent } from './agents/agents.ts'
import type { Briefing, BriefingOptions } from './briefing/briefing.ts'
import type { Consensus, ConsensusState, Proposal } from './consensus/consensus.ts'
import type { Executed, QueryOptions, Row } from './db/db.ts'
import type { Param } from './db/sql.ts'
import type { EventRecord, Events, NewEvent } from './events/events.ts'
import type { Findings, FindOptions, Found } from './find/find.ts'
import type { History } from './history/history.ts'
import type { Kv, MemoryRecord, NamespaceOption, ReadOptions, SearchOptions, StoreOptions } from './kv/kv.ts'
import type { Locks } from './locks/locks.ts'
import type { Metrics } from './metrics/metrics.ts'
import type { NewPattern, Pattern, PatternFilter, Patterns } from './patterns/patterns.ts'
import type { Reservations } from './reservations/reservations.ts'
import type { CreateSessionOptions, Sessions } from './sessions/sessions.ts'
import type { SharedEntry, SharedState, UpdateSharedOptions } from './shared/shared.ts'
import type { Tasks } from './tasks/tasks.ts'
import type { Tokens } from './tokens/tokens.ts'
import type { Topology } from './topology/topology.ts'
import { checkInteger } from './util/check.ts'
import type { Json } from './util/json.ts'
import { type Names, optionCheck } from './util/options.ts'
import type { SaveWorkflowOptions, WorkflowRecord } from './workflows/workflow-state.ts'
import type { Workflows } from './workflows/workflows.ts'

/** The longest that a timer of JavaScript can wait, 24 days; a longer one would end at once. */
const longestTimerMs = 2 ** 31 - 1

export interface TransactionOptions {
  /** How long it may stay open, in milliseconds. Default 30,000. */
  timeoutMs?: number | undefined
  /**
   * It is rolled back, with Deadline, once others have waited for it so long, in milliseconds: in SQLite those who write in
   * this process, in PostgreSQL all whom its locks keep waiting. Through a server it is 1,000. Default: they wait.
   */
  yieldsAfterMs?: number | undefined
}

const checkTransaction = optionCheck('transaction', {
  timeoutMs: true,
  yieldsAfterMs: true,
} satisfies Names<keyof TransactionOptions>)
const checkQuery = optionCheck('query', { timeoutMs: true, caller: true } satisfies Names<keyof QueryOptions>)

/** What a handle works through: the domains, and what spans them. */
export interface Records {
  readonly kv: Kv
  readonly sessions: Sessions
  readonly agents: Agents
  readonly tasks: Tasks
  readonly shared: SharedState
  readonly events: Events
  readonly patterns: Patterns
  readonly history: History
  readonly metrics: Metrics
  readonly workflows: Workflows
  readonly topology: Topology
  readonly consensus: Consensus
  readonly locks: Locks
  readonly reservations: Reservations
  readonly tokens: Tokens
  readonly query: (text: string, params?: readonly Param[], options?: QueryOptions) => Promise<Row[]>
  readonly execute: (text: string, params?: readonly Param[]) => Promise<Executed>
  readonly find: (text: string, options?: FindOptions) => Promise<Findings>
  readonly briefing: (options?: BriefingOptions) => Promise<Briefing>
  readonly transaction: <T>(fn: (tx: Records) => Promise<T>, options: TransactionOptions) => Promise<T>
}

/**
 * Everything that can be done with the records, inside a transaction or out of it: the domains as fields, and
 * the documented flat names, each one line.
 */
export class Transaction {
  readonly kv: Kv
  readonly sessions: Sessions
  readonly agents: Agents
  readonly tasks: Tasks
  readonly shared: SharedState
  readonly events: Events
  readonly patterns: Patterns
  readonly history: History
  readonly metrics: Metrics
  readonly workflows: Workflows
  readonly topology: Topology
  readonly consensus: Consensus
  readonly locks: Locks
  readonly reservations: Reservations
  readonly tokens: Tokens
  readonly #records: Records

  constructor(records: Records) {
    this.#records = records
    this.kv = records.kv
    this.sessions = records.sessions
    this.agents = records.agents
    this.tasks = records.tasks
    this.shared = records.shared
    this.events = records.events
    this.patterns = records.patterns
    this.history = records.history
    this.metrics = records.metrics
    this.workflows = records.workflows
    this.topology = records.topology
    this.consensus = records.consensus
    this.locks = records.locks
    this.reservations = records.reservations
    this.tokens = records.tokens
  }

  /** See {@link Kv.store}. */
  store(key: string, value: unknown, options?: StoreOptions): Promise<{ revision: number }> {
    return this.kv.store(key, value, options)
  }

  /** See {@link Agents.storeMemory}. */
  storeAgentMemory(agentId: string, key: string, value: unknown): Promise<void> {
    return this.agents.storeMemory(agentId, key, value)
  }

  /** The same as {@link storeAgentMemory}: a key of an agent's memory is replaced whole. */
  updateAgentMemory(agentId: string, key: string, value: unknown): Promise<void> {
    return this.agents.storeMemory(agentId, key, value)
  }

  /** See {@link Kv.retrieve}. */
  retrieve(key: string, options?: ReadOptions): Promise<Json | undefined> {
    return this.kv.retrieve(key, options)
  }

  /** The first page of {@link Kv.search}, as an array. */
  async search(glob: string, options?: SearchOptions): Promise<MemoryRecord[]> {
    return (await this.kv.search(glob, options)).items
  }

  /**
   * Runs one SQL statement that only reads, in the engine's own SQL, against the raw tables: expired rows are
   * still there. Sees every write acknowledged before. What could write is refused with InvalidInput. With
   * `timeoutMs`, and outside a transaction, it is ended when it takes longer (Deadline). With `caller` it runs for
   * somebody whom the owner of the process does not trust.
   */
  async query(text: string, params?: readonly Param[], options?: QueryOptions): Promise<Row[]> {
    checkQuery(options)
    return this.#records.query(text, params, options)
  }

  /**
   * Runs one SQL statement of the process's owner, which may write. Refuses transaction control, ATTACH, and
   * changes of `synchronous`, `locking_mode` and `journal_mode` (other than to WAL).
   */
  execute(text: string, params?: readonly Param[]): Promise<Executed> {
    return this.#records.execute(text, params)
  }

  /** See {@link Kv.delete}. */
  delete(key: string, options?: NamespaceOption): Promise<boolean> {
    return this.kv.delete(key, options)
  }

  /** See {@link Kv.clearNamespace}. */
  clearNamespace(namespace: string): Promise<number> {
    return this.kv.clearNamespace(namespace)
  }

  /** See {@link Sessions.create}. Returns the session's id. */
  createSession(data: unknown, options?: CreateSessionOptions): Promise<string> {
    return this.sessions.create(data, options)
  }

  /** See {@link Sessions.resume}. */
  resumeSession(id: string): Promise<Json | undefined> {
    return this.sessions.resume(id)
  }

  /** See {@link Sessions.update}. Returns the merged data. */
  updateSession(id: string, patch: Record<string, unknown>): Promise<Json> {
    return this.sessions.update(id, patch)
  }

  /** See {@link Workflows.save}. */
  saveWorkflowState(id: string, state: unknown, options?: SaveWorkflowOptions): Promise<WorkflowRecord> {
    return this.workflows.save(id, state, options)
  }

  /** The state of {@link Workflows.get}, or undefined when the workflow was never saved. */
  async getWorkflowState(id: string): Promise<Json | undefined> {
    return (await this.workflows.get(id))?.state
  }

  /** See {@link Agents.register}. */
  registerAgent(agent: NewAgent): Promise<Agent> {
    return this.agents.register(agent)
  }

  /** See {@link SharedState.update}. */
  updateSharedState(key: string, value: unknown, options?: UpdateSharedOptions): Promise<SharedEntry> {
    return this.shared.update(key, value, options)
  }

  /** See {@link Events.log}. */
  logEvent(event: NewEvent): Promise<EventRecord>
  logEvent(type: string, data?: unknown): Promise<EventRecord>
  logEvent(event: NewEvent | string, data?: unknown): Promise<EventRecord> {
    return this.events.log(typeof event === 'string' ? { type: event, data } : event)
  }

  /** See {@link Consensus.propose}. */
  proposeConsensus(key: string, proposal: Proposal): Promise<ConsensusState> {
    return this.consensus.propose(key, proposal)
  }

  /** See {@link Consensus.get}. */
  getConsensusState(key: string): Promise<ConsensusState | undefined> {
    return this.consensus.get(key)
  }

  /** See {@link Patterns.store}. */
  storePattern(pattern: NewPattern): Promise<Pattern> {
    return this.patterns.store(pattern)
  }

  /** The first page of {@link Patterns.list} of one type, most confident first. */
  async getPatterns(type: string, options?: Omit<PatternFilter, 'type'>): Promise<Pattern[]> {
    return (await this.patterns.list({ ...options, type })).items
  }

  /**
   * Runs `fn` atomically: what it does through the handle it receives commits together when it resolves, and not
   * at all when it throws or takes longer than `timeoutMs`. A transaction inside one is a savepoint. Inside the
   * callback only its own handle may be used (else InvalidInput `transaction_misuse`). What it reads by a key or an id
   * no other one changes before it ends, nor inserts it if it is not there; on PostgreSQL, of two that would so wait for
   * each other one gets Busy.
   */
  async transaction<T>(fn: (tx: Transaction) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
    checkTransaction(options)
    const { timeoutMs, yieldsAfterMs } = options
    if (timeoutMs !== undefined) checkInteger('timeoutMs', timeoutMs, 1, longestTimerMs)
    if (yieldsAfterMs !== undefined) checkInteger('yieldsAfterMs', yieldsAfterMs, 1, longestTimerMs)
    return this.#records.transaction(records => fn(new Transaction(records)), options)
  }

  /**
   * Where things stand, for an agent that begins or has forgotten: what it holds, what is pinned, the latest decisions,
   * tasks, memory and shared state, who else is at work, and what the session before came to. It writes nothing.
   */
  briefing(options?: BriefingOptions): Promise<Briefing> {
    return this.#records.briefing(options)
  }

  /** The best matches of {@link Find.find}, as an array. */
  async find(text: string, options?: FindOptions): Promise<Found[]> {
    return (await this.#records.find(text, options)).items
  }

  /** See {@link Find.find}: the best matches, and whether everything was searched for them. */
  findings(text: string, options?: FindOptions): Promise<Findings> {
    return this.#records.find(text, options)
  }
}
