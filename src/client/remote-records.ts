import { Agents } from '../agents/agents.ts'
import { checkAgents } from '../agents/option-names.ts'
import { checkBriefing } from '../briefing/option-names.ts'
import { Consensus, type ConsensusState, type WaitOptions } from '../consensus/consensus.ts'
import { Deadline, InvalidInput, Unsupported } from '../errors.ts'
import { type EventRecord, Events, type SubscribeOptions } from '../events/events.ts'
import { checkEvents } from '../events/option-names.ts'
import { Subscription } from '../events/subscription.ts'
import { checkFind } from '../find/option-names.ts'
import { History } from '../history/history.ts'
import { Kv } from '../kv/kv.ts'
import { Locks } from '../locks/locks.ts'
import { checkLocks } from '../locks/option-names.ts'
import { Maintenance } from '../maintenance/maintenance.ts'
import { Metrics } from '../metrics/metrics.ts'
import { type OperationName, operationOf, operations } from '../operations.ts'
import { Patterns } from '../patterns/patterns.ts'
import { Reservations } from '../reservations/reservations.ts'
import { Sessions } from '../sessions/sessions.ts'
import { hasPrefix } from '../shared/key-range.ts'
import { checkShared } from '../shared/option-names.ts'
import { SharedState, type WatchOptions } from '../shared/shared.ts'
import type { Completion } from '../tasks/claim-reports.ts'
import { checkTasks } from '../tasks/option-names.ts'
import type { ClaimKey } from '../tasks/outcome.ts'
import type { RedriveOptions } from '../tasks/redrive.ts'
import { Tasks } from '../tasks/tasks.ts'
import type { Grant } from '../tokens/token.ts'
import { Tokens } from '../tokens/tokens.ts'
import { Topology } from '../topology/topology.ts'
import type { Records, TransactionOptions } from '../transaction.ts'
import { checkInteger } from '../util/check.ts'
import type { Json } from '../util/json.ts'
import { serializeError } from '../util/serialize-error.ts'
import { anyOf } from '../util/signals.ts'
import { WriteGate } from '../util/write-gate.ts'
import { askedFor, refusal } from '../util/write-refusal.ts'
import { Workflows } from '../workflows/workflows.ts'
import { toInput } from './call-input.ts'
import { refusingUnknown } from './options.ts'
import { workRemotely } from './remote-worker.ts'
import type { CallHeaders, ServerConnection } from './server-connection.ts'
import { readStream } from './stream-reader.ts'

interface RemoteStreamOptions {
  /** What is left undefined is not asked for. */
  readonly query: Readonly<Record<string, string | undefined>>
  /** Asks for where the stream starts, when the caller does not say it. */
  readonly start: () => Promise<number | undefined>
  readonly signal: AbortSignal | undefined
}

/** One handle's view of a server: the agent in whose name it calls, and the transaction that its calls are part of. */
export class Remote {
  readonly #connection: ServerConnection
  readonly #as: CallHeaders
  /** Aborts when nobody waits for the handle's calls any more. */
  readonly #until: AbortSignal | undefined
  /** Where streams start is asked first: what is done after they were asked for must come after that. */
  readonly #starts = new WriteGate()

  constructor(connection: ServerConnection, as: CallHeaders, until?: AbortSignal) {
    this.#connection = connection
    this.#as = as
    this.#until = until
  }

  /** Calls an operation with the arguments of its method. */
  async call(name: OperationName, args: readonly unknown[]): Promise<unknown> {
    await this.#starts.ready()
    const operation = operationOf(name)
    if (operation.effect !== 'read') this.#assertWriting()
    const { input, signal: given } = toInput(operation, args)
    const signal = anyOf(given, this.#until)
    signal?.throwIfAborted()
    const isIdempotent = operation.isIdempotent && this.#as.transaction === undefined
    return this.#connection.send(name.replace('.', '/'), { input, as: this.#as, signal, isIdempotent })
  }

  #assertWriting(): void {
    if (this.#connection.isReadOnly) throw refusal(askedFor)
  }

  /** What the server says of the holder of a token. */
  async grantOf(token: string): Promise<Grant> {
    return (await this.#connection.as(token).send('hello', { method: 'GET', isIdempotent: true })) as Grant
  }

  stream<T>(path: string, { query, start, signal }: RemoteStreamOptions): AsyncIterable<T> {
    if (this.#as.transaction !== undefined) throw inTransaction()
    const position = this.#starts.readFirst(start)
    return readStream<T>(this.#connection, this.#as, { path, query, start: position, signal })
  }

  /** Runs `fn` in a transaction of the server's, within the one that this handle is of, if it is of one. */
  async transaction<T>(fn: (tx: Records) => Promise<T>, { timeoutMs }: TransactionOptions): Promise<T> {
    await this.#starts.ready()
    this.#assertWriting()
    const within = this.#as.transaction
    const input = { within, timeoutMs }
    const { id } = (await this.#connection.send('transactions', { input, as: this.#as })) as { id: string }
    const end = (how: 'commit' | 'rollback') =>
      how === 'commit'
        ? this.#connection.send(`transactions/${id}/commit`)
        : this.#connection.send(`transactions/${id}`, { method: 'DELETE' }).catch(() => {})
    try {
      const result = await fn(
        remoteRecords(new Remote(this.#connection, { ...this.#as, transaction: id }, this.#until)),
      )
      await end('commit')
      return result
    } catch (error) {
      await end('rollback')
      throw error
    }
  }

  /** A domain whose operations are calls. */
  domain<Name extends string, T extends object>(name: Name, prototype: T, own: Overrides<Name, T>): T {
    const methods = operations
      .filter(operation => operation.name.startsWith(`${name}.`))
      .map(operation => [
        operation.name.slice(name.length + 1),
        (...args: unknown[]) => this.call(operation.name, args),
      ])
    // The private parts of the class are missing, which only methods use that are replaced here.
    const replaced = Object.assign(Object.fromEntries(methods), own)
    return Object.assign(Object.create(prototype), replaced, refusingUnknown(name, replaced)) as T
  }
}

/**
 * The methods of a domain that are no operations: its class has them where they are built of operations alone. An
 * operation is here too when its method takes or gives what JSON cannot say.
 */
type Overrides<Name extends string, T> = Partial<T> & {
  [Method in keyof T as `${Name}.${Method & string}` extends OperationName ? never : Method]: T[Method]
}

/** The records of a server's store. */
export function remoteRecords(remote: Remote): Records {
  const ask =
    (name: OperationName) =>
    (...args: unknown[]) =>
      remote.call(name, args) as Promise<never>
  const tasks: Tasks = remote.domain('tasks', Tasks.prototype, {
    redrive: which =>
      ask('tasks.redrive')(typeof which === 'string' ? { id: which } : (which as RedriveOptions)),
    heartbeat: ({ id, token, leaseMs, progress }) => ask('tasks.heartbeat')({ id, token, leaseMs, progress }),
    heartbeatMany: async (claims, options) => {
      checkTasks.heartbeat(claims)
      return ask('tasks.heartbeatMany')(claims.map(heartbeatOf), options)
    },
    complete: claim => ask('tasks.complete')(resultOf(claim)),
    completeMany: async claims => {
      checkTasks.completeMany(claims)
      return ask('tasks.completeMany')(claims.map(resultOf))
    },
    release: ({ id, token, delayMs }) => ask('tasks.release')({ id, token, delayMs }),
    fail: ({ id, token, error, retry }) =>
      ask('tasks.fail')({ id, token, retry, error: error instanceof Error ? serializeError(error) : error }),
    work: async (handler, options) => {
      checkTasks.work(options)
      return workRemotely(tasks, handler, options)
    },
    stale: unsupported('tasks.stale'),
  })
  return {
    kv: remote.domain('kv', Kv.prototype, {
      retrieveMany: async (keys, options) =>
        new Map(
          Object.entries((await remote.call('kv.retrieveMany', [keys, options])) as Record<string, Json>),
        ),
    }),
    history: remote.domain('history', History.prototype, {}),
    sessions: remote.domain('sessions', Sessions.prototype, {}),
    agents: remote.domain('agents', Agents.prototype, {
      work: async ids => new Map(Object.entries(await ask('agents.work')(ids))),
      holders: unsupported('agents.holders'),
      // The store is of another process, beside which this one is nothing: the ttl decides.
      connect: async connection => checkAgents.connect(connection),
      disconnect: async connection => {
        checkAgents.disconnect(connection)
        return undefined
      },
      watch: (options = {}) => {
        checkAgents.watch(options)
        const { swarmId, since, signal } = options
        const start = () => lastEvent(remote, since)
        return remote.stream('agents/stream', { query: { swarmId }, start, signal })
      },
    }),
    tasks,
    shared: remote.domain('shared', SharedState.prototype, {
      watch: (prefix, options) => watchShared(remote, prefix, options),
    }),
    events: remote.domain('events', Events.prototype, { subscribe: options => subscribe(remote, options) }),
    patterns: remote.domain('patterns', Patterns.prototype, {}),
    metrics: remote.domain('metrics', Metrics.prototype, {}),
    workflows: remote.domain('workflows', Workflows.prototype, {
      step: Workflows.prototype.step,
      run: unsupported('workflows.run'),
      serve: unsupported('workflows.serve'),
    }),
    topology: remote.domain('topology', Topology.prototype, {}),
    consensus: remote.domain('consensus', Consensus.prototype, {
      wait: (key, options) => wait(remote, key, options),
    }),
    locks: remote.domain('locks', Locks.prototype, {
      assert: Locks.prototype.assert,
      withLock: Locks.prototype.withLock,
      campaign: unsupported('locks.campaign'),
      observe: (name, options = {}) => {
        checkLocks.observe(options)
        const start = () => Promise.resolve(undefined)
        return remote.stream('locks/stream', { query: { name }, start, signal: options.signal })
      },
    }),
    reservations: remote.domain('reservations', Reservations.prototype, {}),
    tokens: remote.domain('tokens', Tokens.prototype, { verify: text => remote.grantOf(text) }),
    query: ask('maintenance.query'),
    execute: ask('maintenance.execute'),
    find: async (text, options = {}) => {
      checkFind.find(options)
      const { in: where, ...rest } = options
      return ask('find.find')(text, { ...rest, in: typeof where === 'string' ? [where] : where })
    },
    briefing: async (options = {}) => {
      checkBriefing(options)
      return ask('briefing.briefing')(options)
    },
    transaction: (fn, options) => remote.transaction(fn, options),
  }
}

/** Whole tasks are taken for claims, and may hold what other programs wrote: what a report needs is sent alone. */
function heartbeatOf({
  id,
  token,
  progress,
}: ClaimKey & { progress?: unknown }): ClaimKey & { progress?: unknown } {
  return progress === undefined ? { id, token } : { id, token, progress }
}

function resultOf({ id, token, result }: Completion): Completion {
  return result === undefined ? { id, token } : { id, token, result }
}

export function remoteMaintenance(remote: Remote): Maintenance {
  return remote.domain('maintenance', Maintenance.prototype, { intake: unsupported('maintenance.intake') })
}

function subscribe(remote: Remote, options: SubscribeOptions = {}): ReturnType<Events['subscribe']> {
  checkEvents.subscribe(options)
  const { since, types, source, group, signal } = options
  if (group !== undefined) return unsupported('a consumer group')()
  const query = { types: types?.join(','), source }
  if (since !== undefined) checkInteger('since', since, 0)
  const start = () => lastEvent(remote, since)
  const events = remote.stream<EventRecord>('events/stream', { query, start, signal })
  // Without a group there is no more to a subscription than its events.
  return Object.assign(Object.create(Subscription.prototype), {
    [Symbol.asyncIterator]: () => events[Symbol.asyncIterator](),
  })
}

/** A server gives no call longer than it gives any: so it is asked again and again. */
const longestWaitMs = 10_000

async function wait(
  remote: Remote,
  key: string,
  { timeoutMs, signal }: WaitOptions = {},
): Promise<ConsensusState> {
  if (timeoutMs !== undefined) checkInteger('timeoutMs', timeoutMs, 0)
  const end = performance.now() + (timeoutMs ?? Number.POSITIVE_INFINITY)
  for (;;) {
    const leftMs = end - performance.now()
    const pieceMs = Math.max(0, Math.ceil(Math.min(leftMs, longestWaitMs)))
    try {
      return (await remote.call('consensus.wait', [key, { timeoutMs: pieceMs, signal }])) as ConsensusState
    } catch (error) {
      if (!(error instanceof Deadline) || leftMs <= longestWaitMs) throw error
    }
  }
}

async function lastEvent(remote: Remote, since: number | undefined): Promise<number> {
  if (since !== undefined) return since
  const latest = (await remote.call('events.latest', [{}])) as EventRecord | undefined
  return latest?.id ?? 0
}

function watchShared(remote: Remote, prefix = '', options: WatchOptions = {}) {
  checkShared.watch(options)
  const { since, signal } = options
  hasPrefix(prefix)
  if (since !== undefined) checkInteger('since', since, 0)
  const start = async () => {
    if (since !== undefined) return since
    const page = (await remote.call('shared.list', ['', { limit: 1 }])) as { revision: number }
    return page.revision
  }
  return remote.stream<never>('shared/stream', { query: { prefix }, start, signal })
}

/** For what needs the store itself: leases that live and die with a process beside it. */
function unsupported(what: string): () => never {
  return () => {
    throw new Unsupported(`${what} is not possible through a server`, {
      hint: 'Open the store itself: its file, or its PostgreSQL.',
    })
  }
}

function inTransaction(): InvalidInput {
  return new InvalidInput('a stream cannot be inside a transaction', {}, 'transaction_misuse')
}
