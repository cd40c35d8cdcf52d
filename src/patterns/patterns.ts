import type { Context } from '../context.ts'
import { type Author, decodeAuthor } from '../db/author.ts'
import { verified } from '../db/checksums.ts'
import { type Columns, type FieldsOf, listOf, type RowOf } from '../db/columns.ts'
import { deleteRecorded } from '../db/history/delete-recorded.ts'
import { type Redacted, type RedactOptions, redactRecord } from '../db/history/redact.ts'
import { allLocked, oneLocked } from '../db/locked-records.ts'
import { join, type Sql, sql } from '../db/sql.ts'
import { InvalidInput, NotFound } from '../errors.ts'
import { checkName, checkNumber, describe } from '../util/check.ts'
import { uuidv7 } from '../util/ids.ts'
import { decodeLoose, encodeJson, type Json } from '../util/json.ts'
import { cursorPosition, type Page, type PageOptions, pageLimit, toPage } from '../util/page.ts'
import { toDate, toOptionalDate } from '../util/time.ts'
import { confidenceOf, decayed, keptShare, statedConfidence } from './confidence.ts'
import { checkPatterns } from './option-names.ts'
import { type PatternVersion, patternBy, patternHistory, recordKey } from './past.ts'

/** Something a swarm has learned, and how far it can be trusted. */
export interface Pattern {
  id: string
  type: string
  patternData: Json
  /** 0 to 1: what was stated, then moved by every recorded outcome. See {@link Patterns.recordOutcome}. */
  confidence: number
  /** How often it was used: every `use` and every `recordOutcome`. */
  usageCount: number
  successes: number
  failures: number
  metadata: Json | undefined
  createdAt: Date
  updatedAt: Date
  lastUsed: Date | undefined
  /** Rises with every `store` of the pattern and is never used twice, not even after a delete. */
  revision: number
  /** Who stored it last; undefined when that is not known. Who records outcomes does not become its author. */
  author: Author | undefined
}

export interface NewPattern {
  /** Default: a new UUIDv7. An id that exists is replaced, and keeps its counts. */
  id?: string | undefined
  type: string
  patternData: unknown
  /** 0 to 1. Default: `patternData.successRate` when that is a number from 0 to 1, else 0. */
  confidence?: number | undefined
  metadata?: unknown
}

export interface PatternFilter extends PageOptions {
  type?: string | undefined
  minConfidence?: number | undefined
}

export interface Outcome {
  success: boolean
  /**
   * What all earlier outcomes still weigh beside this one: 1 (the default) as much as before, 0.9 a tenth
   * less with every outcome, so that a pattern whose world changes is not judged by its distant past. Above
   * 0.
   */
  decay?: number | undefined
}

export interface RevertPatternOptions {
  /** The change whose pattern is to be stored again. */
  revision: number
}

export type { PatternVersion } from './past.ts'

const patternColumns = {
  id: 'text',
  type: 'text',
  pattern_data: 'text',
  confidence: 'number',
  usage_count: 'number',
  successes: 'number',
  failures: 'number',
  metadata: 'text?',
  created_at: 'time',
  updated_at: 'time',
  last_used: 'time?',
  revision: 'number',
  author: 'text?',
  crc: 'number?',
} as const satisfies Columns

type PatternRow = RowOf<typeof patternColumns>

const columns = listOf(patternColumns)

/** Learned patterns: what worked, how often, and how much it is to be trusted. */
export class Patterns {
  readonly #context: Context

  constructor(context: Context) {
    this.#context = context
  }

  /**
   * Stores a pattern, replacing the type, data, metadata and stated confidence of one with the same id. Its
   * counts and outcomes stay, so a pattern with outcomes reads back the confidence that they and the new
   * statement make.
   */
  async store(pattern: NewPattern): Promise<Pattern> {
    checkPatterns.store(pattern)
    const { dialect, author } = this.#context.db
    const now = dialect.now()
    const { id, type, data, prior, metadata } = this.#checked(pattern)
    const given = { id, type, pattern_data: data, metadata, author }
    const crc = dialect.checksum('patterns', 'crc', given)
    const [row] = await this.#context.db.all<PatternRow>(
      sql`insert into patterns (id, type, pattern_data, confidence, prior, metadata, created_at, updated_at, author, crc, revision)
          values (${id}, ${type}, ${data}, ${prior}, ${prior}, ${metadata}, ${now}, ${now}, ${author}, ${crc},
                  (select value + 1 from hivewax_counters where name = 'floor'))
          on conflict (id) do update set
            type = excluded.type, pattern_data = excluded.pattern_data, metadata = excluded.metadata,
            updated_at = excluded.updated_at, prior = excluded.prior, author = excluded.author,
            crc = excluded.crc, revision = patterns.revision + 1,
            confidence = ${confidenceOf(sql`excluded.prior`, sql`patterns.weight_for`, sql`patterns.weight_against`)}
          returning ${columns}, ${dialect.assertAboveFloor(sql`patterns`, sql`revision`)} as issued`,
    )
    return found(row, id)
  }

  /** The pattern, or undefined when there is none of this id. */
  async get(id: string): Promise<Pattern | undefined> {
    const row = await oneLocked<PatternRow>(
      this.#context.db,
      { table: 'patterns', key: checkName('id', id) },
      sql`select ${columns} from patterns where id = ${id}`,
    )
    return row && fromRow({ ...row, id })
  }

  /** Patterns by falling confidence, then by id. */
  async list(filter: PatternFilter = {}): Promise<Page<Pattern>> {
    checkPatterns.list(filter)
    const limit = pageLimit(filter.limit)
    const ordered = sql`order by confidence desc, id limit ${limit + 1}`
    const parts = rangesAfter(filter.cursor).map(
      range => sql`select * from (
        select ${columns} from patterns where ${range} and ${matching(filter)} ${ordered}) as part`,
    )
    const rows = await this.#context.db.all<PatternRow>(
      sql`select * from (${join(parts, ' union all ')}) as parts ${ordered}`,
    )
    return toPage(rows, limit, { item: fromRow, position: row => [row.confidence, row.id] })
  }

  /** The most trusted pattern of a type, or undefined when there is none. */
  async best(type: string): Promise<Pattern | undefined> {
    return (await this.list({ type, limit: 1 })).items[0]
  }

  /**
   * Counts one use of a pattern and whether it helped, and derives the confidence anew, in one statement: of
   * any number of calls at the same time each counts.
   *
   * The confidence is the mean of a Beta posterior, with the stated confidence p as a prior worth w = 2
   * outcomes: (w·p + a) / (w + a + b), where a and b are the successes and failures (each former one times
   * `decay` per later outcome). With p = 0.5 that is Laplace's rule of succession. Source: Gelman et al.,
   * Bayesian Data Analysis, 3rd ed., section 2.4; for decay: Raj and Kalyani, Taming Non-stationary Bandits,
   * 2017.
   * @throws NotFound when there is no such pattern
   */
  async recordOutcome(id: string, outcome: Outcome): Promise<Pattern> {
    checkPatterns.recordOutcome(outcome)
    const { success, decay = 1 } = outcome
    if (typeof success !== 'boolean')
      throw new InvalidInput(`success must be true or false, got ${describe(success)}`)
    const kept = keptShare(checkNumber('decay', decay, 0, 1))
    const [hit, miss] = success ? [1, 0] : [0, 1]
    const hits = sql`${decayed('weight_for', kept)} + ${hit}`
    const misses = sql`${decayed('weight_against', kept)} + ${miss}`
    const [row] = await this.#context.db.all<PatternRow>(
      sql`update patterns set ${this.#used()},
            successes = successes + ${hit}, failures = failures + ${miss},
            weight_for = ${hits}, weight_against = ${misses}, prior = coalesce(prior, confidence),
            confidence = ${confidenceOf(sql`coalesce(prior, confidence)`, hits, misses)}
          where id = ${checkName('id', id)} returning ${columns}`,
    )
    return found(row, id)
  }

  /** Counts one use of a pattern whose outcome is not known. NotFound when there is no such pattern. */
  async use(id: string): Promise<Pattern> {
    const [row] = await this.#context.db.all<PatternRow>(
      sql`update patterns set ${this.#used()} where id = ${checkName('id', id)} returning ${columns}`,
    )
    return found(row, id)
  }

  /** The changes of a pattern that its history keeps, latest first: what was stored, not what came of it. */
  async history(id: string, options: PageOptions = {}): Promise<Page<PatternVersion>> {
    checkPatterns.history(options)
    return patternHistory(this.#context.db, checkName('id', id), options)
  }

  /**
   * Stores again what a pattern was at an earlier revision. Its counts and outcomes stay.
   * @throws NotFound when the history has no such revision, or it wrote nothing that is still there
   */
  async revert(id: string, options: RevertPatternOptions): Promise<Pattern> {
    checkPatterns.revert(options)
    return this.#context.db.transaction(async tx => {
      const former = await patternBy(tx, checkName('id', id), options.revision)
      return new Patterns({ ...this.#context, db: tx }).store(former)
    })
  }

  /**
   * Removes for good what a pattern is and has been, with its counts, or what one of its revisions wrote: see `kv.redact`.
   * @throws NotFound when the history has nothing of the pattern, or not this revision
   */
  async redact(id: string, options: RedactOptions = {}): Promise<Redacted> {
    checkPatterns.redact(options)
    const told = { in: 'patterns', id: checkName('id', id) }
    return redactRecord(this.#context, recordKey(id), { ...options, told })
  }

  /** Deletes a pattern with its counts. False when there was none. */
  async delete(id: string): Promise<boolean> {
    checkName('id', id)
    const deleted = await deleteRecorded(this.#context.db, 'patterns', tx =>
      allLocked<Pick<PatternRow, 'id' | 'revision'>>(
        tx,
        { table: 'patterns', keys: [[id]] },
        sql`delete from patterns where id = ${id} returning id, revision`,
      ),
    )
    return deleted.length > 0
  }

  /** The time of the last use never goes back, whichever of two uses commits first. */
  #used() {
    const now = this.#context.db.dialect.now()
    return sql`usage_count = usage_count + 1,
               last_used = case when last_used > ${now} then last_used else ${now} end`
  }

  #checked({ id, type, patternData, confidence, metadata }: NewPattern) {
    const { clock, maxValueBytes } = this.#context
    return {
      id: id === undefined ? uuidv7(clock.now()) : checkName('id', id),
      type: checkName('type', type),
      data: encodeJson('patternData', patternData, maxValueBytes),
      prior: statedConfidence(confidence, patternData),
      metadata: metadata === undefined ? undefined : encodeJson('metadata', metadata, maxValueBytes),
    }
  }
}

/**
 * Where the patterns behind a cursor are: two ranges of the index, which has the one column in falling order and the other
 * in rising order.
 */
function rangesAfter(cursor: string | undefined): Sql[] {
  const [confidence, id] = cursorPosition(cursor, 2) ?? []
  if (id === undefined) return [sql`1 = 1`]
  return [sql`confidence = ${confidence} and id > ${id}`, sql`confidence < ${confidence}`]
}

function matching({ type, minConfidence }: PatternFilter): Sql {
  const parts = [sql`1 = 1`]
  if (type !== undefined) parts.push(sql`type = ${checkName('type', type)}`)
  if (minConfidence !== undefined)
    parts.push(sql`confidence >= ${checkNumber('minConfidence', minConfidence, 0, 1)}`)
  return join(parts, ' and ')
}

function found(row: PatternRow | undefined, id: string): Pattern {
  if (row !== undefined) return fromRow(row)
  throw new NotFound(`there is no pattern ${describe(id)}`, { hint: 'Store it first.', details: { id } })
}

function fromRow(row: PatternRow): Pattern {
  verified('patterns', row)
  return {
    id: row.id,
    type: row.type,
    patternData: decodeLoose(row.pattern_data),
    confidence: row.confidence,
    usageCount: row.usage_count,
    successes: row.successes,
    failures: row.failures,
    metadata: row.metadata === null ? undefined : decodeLoose(row.metadata),
    createdAt: toDate(row.created_at),
    updatedAt: toDate(row.updated_at),
    lastUsed: toOptionalDate(row.last_used),
    revision: row.revision,
    author: decodeAuthor(row.author),
  } satisfies FieldsOf<Omit<PatternRow, 'crc'>>
}
