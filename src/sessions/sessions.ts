import type { Context } from '../context.ts'
import { type Author, decodeAuthor } from '../db/author.ts'
import { verified } from '../db/checksums.ts'
import { type Columns, listOf, type RowOf } from '../db/columns.ts'
import type { Db } from '../db/db.ts'
import { oneLocked } from '../db/locked-records.ts'
import { type Sql, sql } from '../db/sql.ts'
import { Conflict, InvalidInput, NotFound } from '../errors.ts'
import { checkName, describe } from '../util/check.ts'
import { ttlMs } from '../util/duration.ts'
import { uuidv7 } from '../util/ids.ts'
import { decodeJson, decodeLoose, encodeJson, isObject, type Json } from '../util/json.ts'
import { cursorPosition, type Page, type PageOptions, pageLimit, toPage } from '../util/page.ts'
import { toDate, toOptionalDate } from '../util/time.ts'
import { checkSessions } from './option-names.ts'

/** A session: what an agent wants to find again when it comes back. */
export interface Session {
  id: string
  data: Json
  createdAt: Date
  /** When it was created, resumed or updated last. */
  lastAccessed: Date
  expiresAt: Date | undefined
  /** Seconds that it lives on after each access; undefined when it does not expire. */
  ttl: number | undefined
  /** Who wrote its data last; undefined when that is not known. */
  author: Author | undefined
}

export interface CreateSessionOptions {
  /** Seconds that the session lives on after each access; fractions allowed. Without it, it never expires. */
  ttl?: number | undefined
  /** A name of the caller's choice; Conflict when a session has it. Default: a new UUIDv7. */
  id?: string | undefined
}

const sessionColumns = {
  id: 'text',
  data: 'text',
  created_at: 'time',
  last_accessed: 'time',
  expires_at: 'time?',
  ttl_ms: 'number?',
  author: 'text?',
  crc: 'number?',
} as const satisfies Columns

type SessionRow = RowOf<typeof sessionColumns>

const columns = listOf(sessionColumns)

/** Sessions: data under an id that outlives the process, and ends by itself when it is not used for a while. */
export class Sessions {
  readonly #context: Context

  constructor(context: Context) {
    this.#context = context
  }

  /** Creates a session that holds `data`, any JSON value, and nothing else. Returns its id. */
  async create(data: unknown, options: CreateSessionOptions = {}): Promise<string> {
    checkSessions.create(options)
    const { dialect, author } = this.#context.db
    const id = options.id === undefined ? uuidv7(this.#context.clock.now()) : checkName('id', options.id)
    const text = encodeJson('data', data, this.#context.maxValueBytes)
    const lifeMs = options.ttl === undefined ? undefined : ttlMs(options.ttl)
    const expiry = lifeMs === undefined ? undefined : dialect.now(lifeMs)
    const crc = dialect.checksum('sessions', 'crc', { id, data: text, author })
    const created = await this.#context.db.all(
      sql`insert into sessions (${columns})
          values (${id}, ${text}, ${dialect.now()}, ${dialect.now()}, ${expiry}, ${lifeMs}, ${author}, ${crc})
          on conflict (id) do update set
            data = excluded.data, created_at = excluded.created_at, last_accessed = excluded.last_accessed,
            expires_at = excluded.expires_at, ttl_ms = excluded.ttl_ms, author = excluded.author, crc = excluded.crc
          where sessions.expires_at <= ${dialect.now()}
          returning id`,
    )
    if (created.length > 0) return id
    throw new Conflict(`session ${JSON.stringify(id)} exists already`, {
      hint: 'Resume it, delete it first, or choose another id.',
      details: { id },
    })
  }

  /**
   * The data of a session, or undefined when it is absent or has expired. Counts as an access: a session with a
   * `ttl` lives on for that long from now.
   */
  async resume(id: string): Promise<Json | undefined> {
    const text = await this.#touch(this.#context.db, checkName('id', id))
    return text === undefined ? undefined : decodeLoose(text)
  }

  /**
   * Sets the top-level fields of `patch` in a session's data, leaving the others, and returns the whole. Patches
   * made at the same time all take effect. Counts as an access, as `resume` does.
   * @throws NotFound when the session is absent or has expired, Conflict when its data is not an object
   */
  async update(id: string, patch: Record<string, unknown>): Promise<Json> {
    checkName('id', id)
    const fields = decodeJson(encodeJson('patch', patch, this.#context.maxValueBytes))
    if (!isObject(fields)) throw new InvalidInput(`the patch must be an object, got ${describe(patch)}`)
    return this.#context.db.transaction(async tx => {
      // Touching first locks the row, so that no other patch comes between this reading and the writing.
      const data = objectOf(id, await this.#touch(tx, id))
      const text = encodeJson('data', { ...data, ...fields }, this.#context.maxValueBytes)
      const { author } = tx
      const crc = tx.dialect.checksum('sessions', 'crc', { id, data: text, author })
      await tx.all(sql`update sessions set data = ${text}, author = ${author}, crc = ${crc} where id = ${id}`)
      return decodeJson(text)
    })
  }

  /** The whole record of a session, or undefined when it is absent or has expired. Does not count as an access. */
  async get(id: string): Promise<Session | undefined> {
    const row = await oneLocked<SessionRow>(
      this.#context.db,
      { table: 'sessions', key: checkName('id', id) },
      sql`select ${columns} from sessions where id = ${id} and ${this.#live()}`,
    )
    return row === undefined ? undefined : fromRow({ ...row, id })
  }

  /** The sessions that have not expired, latest access first. */
  async list(options: PageOptions = {}): Promise<Page<Session>> {
    checkSessions.list(options)
    const limit = pageLimit(options.limit)
    const after = cursorPosition(options.cursor, 2)
    const rest = after === undefined ? sql`1 = 1` : sql`(last_accessed, id) < (${after[0]}, ${after[1]})`
    const rows = await this.#context.db.all<SessionRow>(
      sql`select ${columns} from sessions where ${rest} and ${this.#live()}
          order by last_accessed desc, id desc limit ${limit + 1}`,
    )
    return toPage(rows, limit, { item: fromRow, position: row => [row.last_accessed, row.id] })
  }

  /** Deletes a session. False when it was absent or had expired. */
  async delete(id: string): Promise<boolean> {
    const deleted = await oneLocked(
      this.#context.db,
      { table: 'sessions', key: checkName('id', id) },
      sql`delete from sessions where id = ${id}
          returning case when ${this.#live()} then 1 else 0 end as live`,
    )
    return deleted?.live === 1
  }

  /** Notes an access and returns the data's text, or undefined when the session is absent or has expired. */
  async #touch(db: Db, id: string): Promise<string | undefined> {
    const row = await oneLocked<Pick<SessionRow, 'data' | 'author' | 'crc'>>(
      db,
      { table: 'sessions', key: id },
      sql`update sessions set last_accessed = ${db.dialect.now()},
            expires_at = case when ttl_ms is null then expires_at else ${db.dialect.now(sql`ttl_ms`)} end
          where id = ${id} and ${this.#live()}
          returning data, author, crc`,
    )
    return row && verified('sessions', row, { id }).data
  }

  #live(): Sql {
    return sql`(expires_at is null or expires_at > ${this.#context.db.dialect.now()})`
  }
}

function objectOf(id: string, text: string | undefined): { [key: string]: Json } {
  if (text === undefined) {
    throw new NotFound(`session ${JSON.stringify(id)} does not exist or has expired`, {
      hint: 'Create it again with sessions.create(data, { id }).',
      details: { id },
    })
  }
  const data = decodeLoose(text)
  if (isObject(data)) return data
  throw new Conflict(`session ${JSON.stringify(id)} holds no object, and so has no fields to update`, {
    hint: 'Delete the session and create it with an object.',
    details: { id },
  })
}

function fromRow(row: SessionRow): Session {
  verified('sessions', row)
  return {
    id: row.id,
    data: decodeLoose(row.data),
    createdAt: toDate(row.created_at),
    lastAccessed: toDate(row.last_accessed),
    expiresAt: toOptionalDate(row.expires_at),
    ttl: row.ttl_ms === null ? undefined : row.ttl_ms / 1000,
    author: decodeAuthor(row.author),
  }
}
