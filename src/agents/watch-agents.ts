import type { Context } from '../context.ts'
import { isTransient } from '../errors.ts'
import type { EventRecord } from '../events/events.ts'
import { checkName } from '../util/check.ts'
import { Poller } from '../util/poller.ts'
import { type AgentChange, changeTypes, toChange } from './agent-changes.ts'
import type { WatchAgentsOptions } from './agents.ts'
import { releaseLapsed } from './holdings.ts'

/** Between two looks of a watch for agents that have lapsed, in milliseconds. */
const lapsesEveryMs = 500

/** See {@link Agents.watch}. */
export function watchAgents(context: Context, options: WatchAgentsOptions): AsyncIterable<AgentChange> {
  const { since, signal } = options
  const swarmId = options.swarmId === undefined ? undefined : checkName('swarmId', options.swarmId)
  const failed = new AbortController()
  const signals = signal === undefined ? [failed.signal] : [signal, failed.signal]
  // From this moment on, not from when it is iterated first.
  const events = context.crossDomain.subscribe(context, {
    types: changeTypes,
    since,
    signal: AbortSignal.any(signals),
  })
  return changesOf(context, { events, swarmId, failed })
}

interface Watched {
  events: AsyncIterable<EventRecord>
  swarmId: string | undefined
  /** Ends `events` when looking for lapses fails. */
  failed: AbortController
}

async function* changesOf(
  context: Context,
  { events, swarmId, failed }: Watched,
): AsyncGenerator<AgentChange, void, undefined> {
  const lapses = new Poller(() => lookForLapses(context, failed))
  lapses.within(0)
  try {
    for await (const event of events) {
      const change = toChange(event)
      if (change !== undefined && (swarmId ?? change.swarmId) === change.swarmId) yield change
    }
    failed.signal.throwIfAborted()
  } finally {
    lapses.stop()
  }
}

/** When to look again; when that cannot help, it aborts `failed` instead. */
async function lookForLapses(context: Context, failed: AbortController): Promise<number | undefined> {
  try {
    await releaseLapsed(context)
  } catch (error) {
    if (!isTransient(error)) {
      failed.abort(error)
      return undefined
    }
  }
  return lapsesEveryMs
}
