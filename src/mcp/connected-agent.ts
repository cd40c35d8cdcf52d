import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { looplessHoldMs } from '../access/hold.ts'
import type { Agent } from '../agents/agent.ts'
import { Conflict, HivewaxError, isStoreGone, NotFound } from '../errors.ts'
import type { Memory } from '../memory.ts'
import type { Keep } from '../operation.ts'
import { clientAgent, mcpDoor } from '../util/agent-name.ts'
import type { Caller } from './caller.ts'

/**
 * How long the death of a server goes unnoticed by those that cannot see its process, in milliseconds. It gives a sign of
 * life in a third of that.
 */
const lifeMs = 30_000

/** How long a connection that ends waits for the calls that are under way, in milliseconds. */
const patienceMs = 1_000

/** What is kept is renewed after this share of the time for which it is held, when there were calls. */
const renewedShare = 1 / 8

export interface ConnectedAgentOptions {
  readonly memory: Memory
  readonly id: string
  /** What its client calls itself, which is also what kind of agent it is. */
  readonly client: string | undefined
  /** The session of the client that it acts in. */
  readonly session: string
  /** It was given its name, so that its registration may be another's and outlives the connection. */
  readonly isNamed: boolean
  /** How long it holds what it takes after its last call, in milliseconds. */
  readonly holdMs: number
  /** Hears of what fails besides the calls. */
  readonly onError: (error: Error) => void
}

/**
 * The agent that a connection acts as. It is registered from the first call on, alive as long as the connection is, and
 * gives back what it holds at the end; when the process was killed it lapses soon, and others may have that. A model
 * gives no heartbeats while it thinks: what it took is renewed by its calls, and stays its own long after the last one.
 */
export class ConnectedAgent {
  readonly #options: ConnectedAgentOptions
  readonly #connection = randomUUID()
  readonly #acting: Memory
  readonly #lifeMs: number
  readonly #underWay = new Set<Promise<unknown>>()
  readonly #kept = new Set<Keep>()
  #arrived: Promise<void> | undefined
  /** Of its registration; undefined while it has none. */
  #incarnation: number | undefined
  /** Whether another connection of the agent was there when this one registered it, as far as that tells. */
  #isShared = false
  #beat: NodeJS.Timeout | undefined
  #calledAt = 0
  #renewedAt = performance.now()
  #hasFailed = false

  constructor(options: ConnectedAgentOptions) {
    this.#options = options
    const { id, client, session, isNamed } = options
    // A name that was given says nothing of the session.
    this.#acting = options.memory.through({ via: mcpDoor(client), ...(isNamed && { session }) }).as(id)
    this.#lifeMs = Math.min(lifeMs, options.holdMs)
  }

  /** The one that it is registered in. */
  get memory(): Memory {
    return this.#options.memory
  }

  /** Does what its client asks for. */
  async run<T>(signal: AbortSignal, work: (caller: Caller) => Promise<T>): Promise<T> {
    this.#calledAt = performance.now()
    this.#arrived ??= this.#arrive()
    await this.#arrived
    const running = work({
      memory: this.#acting,
      // A death that nobody would notice keeps nothing from others for long.
      holdMs: this.#incarnation === undefined ? looplessHoldMs : this.#options.holdMs,
      keep: kept => void this.#kept.add(kept),
      signal,
    })
    this.#underWay.add(running)
    return running.finally(() => this.#underWay.delete(running))
  }

  /** Gives back what it holds, once its calls have ended. */
  async leave(): Promise<void> {
    clearInterval(this.#beat)
    await Promise.race([
      Promise.allSettled([this.#arrived, ...this.#underWay]),
      sleep(patienceMs, undefined, { ref: false }),
    ])
    // A timer's turn may have been under way.
    clearInterval(this.#beat)
    if (this.#incarnation !== undefined) await this.#unregister().catch(error => this.#failed(error))
  }

  async #arrive(): Promise<void> {
    // Who only reads leaves no trace, that of having been there included.
    if (this.#options.memory.isReadOnly) return
    await this.#register().catch(error => this.#failed(error))
    this.#beat = setInterval(() => void this.#live(), this.#lifeMs / 3).unref()
  }

  /** What is known of the agent already, be it by hooks of its session, stays. */
  async #register(): Promise<void> {
    const { memory, id, client } = this.#options
    const type = clientAgent(client)
    // First, so that another connection which ends at this moment leaves the agent what it has.
    await this.#connect()
    const known = await memory.agents.get(id)
    const { capabilities, state, swarmId, metadata } = known ?? {}
    const { incarnation } = await this.#acting.agents.register({
      id,
      type: known === undefined || known.type === 'unregistered' ? type : known.type,
      capabilities,
      state,
      swarmId,
      metadata,
      ttl: this.#lifeMs / 1000,
    })
    this.#incarnation = incarnation
    this.#isShared = known?.alive === true && this.#livesByConnection(known)
  }

  #connect(): Promise<void> {
    const { memory, id } = this.#options
    return memory.agents.connect({ id, connection: this.#connection })
  }

  async #unregister(): Promise<void> {
    const { memory, id, isNamed } = this.#options
    const agent = await memory.agents.get(id)
    const others = await memory.agents.disconnect({ id, connection: this.#connection })
    // What other connections of the agent took is not to go: once the last of them has ended, it does.
    if (agent === undefined || (others ?? this.#hasOthers(agent))) return
    try {
      await this.#acting.agents.release(id, { incarnation: agent.incarnation })
      if (!isNamed) await this.#acting.agents.delete(id)
    } catch (error) {
      // It leaves memory of its own behind, or has become another's at this moment.
      if (!(error instanceof Conflict || error instanceof NotFound)) throw error
    }
  }

  /** Where connections are not told apart: of several the last one leaves the agent to lapse. */
  #hasOthers(agent: Agent): boolean {
    return this.#isShared || (agent.incarnation !== this.#incarnation && this.#livesByConnection(agent))
  }

  async #live(): Promise<void> {
    try {
      await this.#heartbeat()
      await this.#renew()
      this.#hasFailed = false
    } catch (error) {
      // Its client hears of it, and another one takes its place.
      if (isStoreGone(error)) return clearInterval(this.#beat)
      this.#failed(error)
    }
  }

  async #heartbeat(): Promise<void> {
    const { memory, id } = this.#options
    try {
      // The agent may have told more of itself, and with that lost the life that ends with the connection.
      if (this.#livesByConnection(await memory.agents.heartbeat(id))) return await this.#connect()
    } catch (error) {
      if (!(error instanceof NotFound)) throw error
    }
    await this.#register()
  }

  #livesByConnection(agent: Agent | undefined): boolean {
    return agent?.ttl === this.#lifeMs / 1000
  }

  async #renew(): Promise<void> {
    const { memory, holdMs } = this.#options
    const now = performance.now()
    if (this.#calledAt <= this.#renewedAt || now < this.#renewedAt + holdMs * renewedShare) return
    this.#renewedAt = now
    for (const kept of [...this.#kept]) if (!(await isKept(kept(memory, holdMs)))) this.#kept.delete(kept)
  }

  /** Once until it goes well again: what a client does with its server's words, nobody knows. */
  #failed(error: unknown): void {
    if (!this.#hasFailed) this.#options.onError(error instanceof Error ? error : new Error(String(error)))
    this.#hasFailed = true
  }
}

/** False when what was taken has been given back, or went to others. */
async function isKept(renewed: Promise<boolean>): Promise<boolean> {
  try {
    return await renewed
  } catch (error) {
    if (error instanceof HivewaxError && error.code === 'stale_token') return false
    throw error
  }
}
