import { InvalidInput } from '../errors.ts'
import type { Memory } from '../memory.ts'
import { checkInteger } from '../util/check.ts'

/** One message; `id` is where to go on after it. */
export interface Item {
  readonly id: number | undefined
  readonly value: unknown
}

interface Source {
  readonly summary: string
  /** The fields of its query. */
  readonly query: readonly string[]
  /** Where it stands at present; absent for a stream that has no places. */
  readonly position?: (memory: Memory) => Promise<number>
  /** It may be waited for a place that is still to come. */
  readonly mayBeAhead?: boolean
  /** @throws InvalidInput at once when the query is wrong */
  readonly items: (memory: Memory, query: Query, signal: AbortSignal) => AsyncIterable<Item>
}

/** What a stream is asked for. */
export interface Query {
  /** Where to go on after; undefined for a stream that has no places. */
  readonly since: number | undefined
  readonly text: (name: string) => string | undefined
}

const lastEvent = async (memory: Memory) => (await memory.events.latest())?.id ?? 0

/** The streams by the path below the version. */
export const streams: Readonly<Record<string, Source>> = {
  'events/stream': {
    summary: 'Events as they are logged',
    query: ['since', 'types', 'source'],
    position: lastEvent,
    items: (memory, { since, text }, signal) => {
      const types = text('types')?.split(',').filter(Boolean)
      const events = memory.events.subscribe({ since, types, source: text('source'), signal })
      return itemsOf(events, ({ id }) => id)
    },
  },
  'shared/stream': {
    summary: 'Changes of the shared state, a whole revision at a time',
    query: ['since', 'prefix'],
    position: async memory => (await memory.shared.list('', { limit: 1 })).revision,
    mayBeAhead: true,
    items: (memory, { since, text }, signal) =>
      itemsOf(memory.shared.watch(text('prefix'), { since, signal }), ({ revision }) => revision),
  },
  'agents/stream': {
    summary: 'Agents that are registered, lapse or leave',
    query: ['since', 'swarmId'],
    position: lastEvent,
    items: (memory, { since, text }, signal) =>
      itemsOf(memory.agents.watch({ swarmId: text('swarmId'), since, signal }), ({ id }) => id),
  },
  'locks/stream': {
    summary: 'The leader of an election, now and as it changes',
    query: ['name'],
    items: (memory, { text }, signal) => {
      const name = text('name')
      if (name === undefined) throw new InvalidInput('the query must have the name of the election')
      return itemsOf(memory.locks.observe(name, { signal }), () => undefined)
    },
  },
}

/** What a request says of the stream that it asks for. */
interface GivenQuery {
  readonly query: Readonly<Record<string, string>>
  /** What browsers send when they reconnect: it goes before what they were asked for at first. */
  readonly lastEventId: string | undefined
}

/** What a request asks a stream for. */
export async function readStreamQuery(
  { query, position, mayBeAhead = false }: Source,
  { query: given, lastEventId }: GivenQuery,
  memory: Memory,
): Promise<Query> {
  const unknown = Object.keys(given).find(name => !query.includes(name))
  if (unknown !== undefined)
    throw new InvalidInput(`the query has ${JSON.stringify(unknown)}, which this stream does not know`)
  const asked = lastEventId || given.since
  const since = asked === undefined ? undefined : checkInteger('since', Number(asked), 0)
  const end = await position?.(memory)
  // What comes up to there would never be told: it is a place in another log, or a former state of this one.
  // Where nothing is left, as after a pruning, it is not known how far it had come.
  if (!mayBeAhead && since !== undefined && end !== undefined && end > 0 && since > end)
    throw ahead(since, end)
  return { since: since ?? end, text: name => given[name] }
}

function ahead(since: number, end: number): InvalidInput {
  return new InvalidInput(`since ${since} is ahead of the stream, which has come to ${end}`, {
    hint: 'The store is another one than before, or was restored: read it anew, and listen from there.',
    details: { since, end },
  })
}

async function* itemsOf<T>(
  values: AsyncIterable<T>,
  idOf: (value: T) => number | undefined,
): AsyncGenerator<Item> {
  for await (const value of values) yield { id: idOf(value), value }
}
