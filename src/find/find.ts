import type { Context } from '../context.ts'
import { type Author, decodeAuthor } from '../db/author.ts'
import { HivewaxError, InvalidInput } from '../errors.ts'
import { checkInteger, checkName, checkOneOf, describe } from '../util/check.ts'
import type { Json } from '../util/json.ts'
import { LoopTurns } from '../util/loop-turns.ts'
import { toDate } from '../util/time.ts'
import { within } from '../util/within.ts'
import { type Backlog, readBacklog } from './backlog.ts'
import { indexPending } from './indexing.ts'
import { checkFind } from './option-names.ts'
import { type Matches, rankMatches, type Wanted } from './rank-matches.ts'
import { type Hit, withBacklog } from './rank-texts.ts'
import { snippet } from './snippet.ts'
import {
  bodyText,
  type Findable,
  type FoundRecord,
  findable,
  readVerified,
  type Source,
  type SourceRow,
  sources,
} from './sources.ts'
import { queryTerms } from './terms.ts'

export interface FindOptions {
  /** Where to look: one or several of memory, agent_memory, events, tasks, patterns. Default: everywhere. */
  in?: Findable | readonly Findable[] | undefined
  /** Only key-value memory of this namespace. */
  namespace?: string | undefined
  /** How many at most: 1 to 100, default 10. */
  limit?: number | undefined
}

/** A record that matches, and which one it is. */
export type Found = FoundRecord & {
  /** How well it matches beside the best of this answer, which has 1. Not to be compared between answers. */
  score: number
  /**
   * The place of its text that matches best, on one line: matched words between « and », `…` where it was
   * cut.
   */
  snippet: string
  /**
   * What it holds, when that takes no more than 1,000 characters: value, event data, task description,
   * pattern data.
   */
  value: Json | undefined
  /** When it was last changed; of an event, when it happened. Undefined where another program left it out. */
  updatedAt: Date | undefined
  /** Who wrote it, as the store knows it; undefined when that is not known, and of tasks, whose events tell it. */
  author: Author | undefined
}

/** The best matches, and whether all that was stored has been searched for them. */
export interface Findings {
  /** Best first. */
  items: Found[]
  /** False while more changes wait to be indexed than are read meanwhile: then older ones were not searched. */
  isComplete: boolean
  /** How many changes were not searched, at most. `optimize` indexes all that wait. */
  missing: number
}

const maxQueryLength = 1_000
const maxLimit = 100
const defaultLimit = 10

/** From how many changes on a search has the index take them in, and for how long, in milliseconds. */
const catchUpFrom = 500
const catchUpMs = 200

/** Full text over all kinds of records. */
export class Find {
  readonly #context: Context

  constructor(context: Context) {
    this.#context = context
  }

  /**
   * The records that match a text best, best first. Any of its words is enough; more of them, rarer ones and
   * those in the name of a record (its key, id or type) count more. Words match by their stem (`retries`,
   * `retry`), without regard to case and accents; keys are split into their words. Every record is found
   * whose write was acknowledged before the call, by its first 65,536 characters; only while more than 2,000 changes,
   * or some 1 MB of text, wait to be indexed, older ones of those may be missing, and `isComplete` says so. Words that
   * thousands of records of a kind hold are looked for in those that hold the rarer ones, or have the namespace, however
   * old these are, and else in the last changed. Waits for no other process.
   * @param text up to 1,000 characters, of which 32 words count; no character has a special meaning
   */
  async find(text: string, options: FindOptions = {}): Promise<Findings> {
    checkFind.find(options)
    const query = checkQuery(text)
    const { places, namespace, limit } = checkOptions(options)
    const terms = queryTerms(query)
    if (terms.length === 0) return { items: [], isComplete: true, missing: 0 }
    const backlog = await this.#backlog(places)
    const best = await this.#rank(places, { backlog, wanted: { terms, namespace, limit } })
    const items = await this.#show(best, new Set(terms))
    return { items, isComplete: backlog.missing === 0, missing: backlog.missing }
  }

  /**
   * What has to be read besides the index. Of much the index takes in what it can in a moment, if nobody else writes: of
   * too much before this search goes on, and else for the next one.
   */
  async #backlog(places: readonly Source[]): Promise<Backlog> {
    const { db, storeDb, untilDone } = this.#context
    const backlog = await readBacklog(db, places)
    const { missing, rows } = backlog
    if (storeDb === undefined || (missing === 0 && rows.length < catchUpFrom)) return backlog
    const indexing = untilDone(indexPending(storeDb, { maxMs: catchUpMs, atOnce: true }).catch(unlessOfStore))
    if (missing === 0) return backlog
    await within(indexing, catchUpMs)
    return readBacklog(db, places)
  }

  async #rank(
    places: readonly Source[],
    { backlog, wanted }: { backlog: Backlog; wanted: Wanted },
  ): Promise<Hit[]> {
    const { db } = this.#context
    const turns = new LoopTurns()
    const indexed: Matches[] = []
    for (const source of places) {
      indexed.push(await rankMatches(db, source, { ...wanted, except: backlog.refs.get(source) ?? [] }))
      await turns.give()
    }
    const hits = await withBacklog(db, indexed, { backlog, wanted })
    return hits.toSorted((a, b) => b.score - a.score).slice(0, wanted.limit)
  }

  async #show(hits: readonly Hit[], terms: ReadonlySet<string>): Promise<Found[]> {
    const rows = await this.#rows(hits)
    const best = hits[0]?.score ?? 1
    const found: Found[] = []
    // The snippets of a hundred long texts would hold the event loop for half a second.
    const turns = new LoopTurns()
    for (const { source, ref, score } of hits) {
      const row = rows.get(source)?.get(ref)
      // A row may be gone since it was ranked.
      if (row !== undefined) found.push(show(source, row, { score: score / best, terms }))
      await turns.give()
    }
    return found
  }

  async #rows(hits: readonly Hit[]): Promise<Map<Source, ReadonlyMap<Hit['ref'], SourceRow>>> {
    const bySource = Map.groupBy(hits, hit => hit.source)
    const reads = [...bySource].map(async ([source, wanted]) => {
      const refs = wanted.map(hit => hit.ref)
      return [source, await readVerified(this.#context.db, source, refs)] as const
    })
    return new Map(await Promise.all(reads))
  }
}

/** An index that cannot be written now, on a full disk or while others write, fails no search. */
function unlessOfStore(error: unknown): void {
  if (!(error instanceof HivewaxError)) throw error
}

interface Match {
  readonly score: number
  /** The terms of the query. */
  readonly terms: ReadonlySet<string>
}

function show(source: Source, row: SourceRow, { score, terms }: Match): Found {
  return {
    ...source.record(row),
    score,
    snippet: snippet(source.title(row), bodyText(row), terms),
    value: source.value(row),
    updatedAt: row.at === null ? undefined : toDate(row.at),
    author: decodeAuthor(row.author ?? null),
  }
}

function checkQuery(text: unknown): string {
  if (typeof text !== 'string')
    throw new InvalidInput(`the text to find must be a string, got ${describe(text)}`)
  if (text.trim() === '') throw new InvalidInput('the text to find is empty', { hint: 'Name a word or two.' })
  if (text.length <= maxQueryLength) return text
  throw new InvalidInput(`the text to find has ${text.length} characters; the limit is ${maxQueryLength}`, {
    hint: 'Name the words that matter.',
  })
}

function checkOptions(options: FindOptions): {
  places: Source[]
  namespace: string | undefined
  limit: number
} {
  const { namespace, limit = defaultLimit } = options
  const places = checkPlaces(options.in ?? (namespace === undefined ? findable : 'memory'))
  if (namespace !== undefined) {
    checkName('namespace', namespace, 128)
    if (places.some(place => place !== 'memory')) {
      throw new InvalidInput("only records in 'memory' have a namespace: leave `in` out, or the namespace")
    }
  }
  return {
    places: sources.filter(source => places.includes(source.in)),
    namespace,
    limit: checkInteger('limit', limit, 1, maxLimit),
  }
}

function checkPlaces(places: unknown): Findable[] {
  const list: unknown[] = Array.isArray(places) ? places : [places]
  if (list.length === 0)
    throw new InvalidInput('`in` names nothing to look in', { hint: 'Leave it out to look everywhere.' })
  return list.map(place => checkOneOf('in', place, findable))
}
