import type { Context } from '../context.ts'
import { verified } from '../db/checksums.ts'
import { type Columns, listOf, type RowOf } from '../db/columns.ts'
import { appendEvents } from '../db/outbox.ts'
import { type Sql, sql } from '../db/sql.ts'
import { InvalidInput, Unauthorized } from '../errors.ts'
import { type Permission, permissions } from '../permission.ts'
import { checkName, checkNames, checkOneOf } from '../util/check.ts'
import { checkGlob } from '../util/glob.ts'
import { cursorPosition, type Page, type PageOptions, pageLimit, toPage } from '../util/page.ts'
import { toDate, toOptionalDate } from '../util/time.ts'
import { readTimeOrDuration, type TimeOrDuration } from '../util/time-or-duration.ts'
import { checkTokens } from './option-names.ts'
import { type Grant, hashSecret, isSecret, newTokenText, readToken, writeToken } from './token.ts'

export interface NewToken {
  /** Who it is for, a name for people to read. */
  principal: string
  /** What its holder may do: at least one; `admin` is all of it. */
  permissions: readonly Permission[]
  /** Globs of the namespaces of key-value memory that it is for. Default: all. */
  namespaces?: readonly string[] | undefined
  /** The one agent that its holder acts as. Default: any. */
  agentId?: string | undefined
  /** When it ends: a time, or a length of time from now such as `30d`. Default: when it is revoked. */
  expiresAt?: TimeOrDuration | undefined
}

/** A token without its secret, which is stored nowhere. */
export interface Token extends Grant {
  id: string
  createdAt: Date
  expiresAt: Date | undefined
}

const tokenColumns = {
  id: 'text',
  hash: 'text',
  principal: 'text',
  permissions: 'text',
  namespaces: 'text?',
  agent_id: 'text?',
  created_at: 'time',
  expires_at: 'time?',
  crc: 'number?',
} as const satisfies Columns

type TokenRow = RowOf<typeof tokenColumns>

const columns = listOf(tokenColumns)

/** Tokens: who may use the store from outside the process of its owner, and for what. */
export class Tokens {
  readonly #context: Context

  constructor(context: Context) {
    this.#context = context
  }

  /** Creates a token. Its text is in the answer and nowhere else: the store keeps a hash. */
  async create(token: NewToken): Promise<Token & { token: string }> {
    checkTokens.create(token)
    const { db } = this.#context
    const text = newTokenText()
    const given = {
      id: text.id,
      hash: hashSecret(text.secret),
      principal: checkName('principal', token.principal),
      permissions: JSON.stringify(checkPermissions(token.permissions)),
      namespaces: checkNamespaces(token.namespaces),
      agent_id: checkAgent(token.agentId),
    }
    const crc = db.dialect.checksum('hivewax_tokens', 'crc', given)
    const row = await db.transaction(async tx => {
      const [created] = await tx.all<TokenRow>(
        sql`insert into hivewax_tokens (${columns})
            values (${given.id}, ${given.hash}, ${given.principal}, ${given.permissions}, ${given.namespaces},
              ${given.agent_id}, ${db.dialect.now()}, ${this.#expiry(token)}, ${crc})
            returning ${columns}`,
      )
      await this.#appendEvent(tx, 'token.created', { tokenId: text.id, principal: token.principal })
      return created
    })
    if (row === undefined) throw new Error('an insert returned no row')
    return { ...fromRow(row), token: writeToken(text) }
  }

  /** The tokens in the order of their creation, those that have expired too. */
  async list(options: PageOptions = {}): Promise<Page<Token>> {
    checkTokens.list(options)
    const limit = pageLimit(options.limit)
    const after = cursorPosition(options.cursor, 2)
    const rest = after === undefined ? sql`1 = 1` : sql`(created_at, id) > (${after[0]}, ${after[1]})`
    const rows = await this.#context.db.all<TokenRow>(
      sql`select ${columns} from hivewax_tokens where ${rest} order by created_at, id limit ${limit + 1}`,
    )
    return toPage(rows, limit, { item: fromRow, position: row => [row.created_at, row.id] })
  }

  /** Ends a token: what is asked with it from now on is refused. False when there is none of this id. */
  async revoke(id: string): Promise<boolean> {
    const done = this.#delete(checkName('id', id))
    // It need not wait for those who write, whom the holder of the token may keep waiting.
    this.#context.revoking(id, done)
    return done
  }

  #delete(id: string): Promise<boolean> {
    return this.#context.db.transaction(async tx => {
      const [row] = await tx.all<{ principal: string }>(
        sql`delete from hivewax_tokens where id = ${id} returning principal`,
      )
      if (row !== undefined)
        await this.#appendEvent(tx, 'token.revoked', { tokenId: id, principal: row.principal })
      return row !== undefined
    })
  }

  /**
   * What the holder of a token may do.
   * @throws Unauthorized when it is none of ours, was revoked, or has expired
   */
  async verify(text: string): Promise<Grant> {
    const token = readToken(text)
    const [row] = token === undefined ? [] : await this.#read(token.id)
    if (token === undefined || row === undefined || !isSecret(token.secret, row.hash))
      throw new Unauthorized('the token is not known here', {
        hint: 'It may have been revoked: ask for another one (hivewax token create).',
      })
    if (row.live === 0) throw new Unauthorized(`the token expired on ${row.expires_at}`)
    return fromRow(row)
  }

  #read(id: string): Promise<(TokenRow & { live: number })[]> {
    const { db } = this.#context
    const isLive = sql`expires_at is null or expires_at > ${db.dialect.now()}`
    return db.all(
      sql`select case when ${isLive} then 1 else 0 end as live, ${columns}
          from hivewax_tokens where id = ${id}`,
    )
  }

  #expiry({ expiresAt }: NewToken): Sql | Date | undefined {
    if (expiresAt === undefined) return undefined
    const at = readTimeOrDuration('expiresAt', expiresAt)
    return typeof at === 'number' ? this.#context.db.dialect.now(at) : at
  }

  async #appendEvent(
    tx: Context['db'],
    type: 'token.created' | 'token.revoked',
    data: { tokenId: string; principal: string },
  ): Promise<void> {
    await appendEvents(tx, [{ type, source: this.#context.agentId ?? 'system', data }])
  }
}

function checkPermissions(list: unknown): Permission[] {
  const names = checkNames('permissions', list)
  if (names.length === 0) throw new InvalidInput('a token needs permissions: without any it allows nothing')
  return names.map(name => checkOneOf('permissions', name, permissions))
}

function checkAgent(agentId: string | undefined): string | undefined {
  return agentId === undefined ? undefined : checkName('agentId', agentId)
}

function checkNamespaces(globs: unknown): string | undefined {
  return globs === undefined ? undefined : JSON.stringify(checkNames('namespaces', globs).map(checkGlob))
}

function fromRow(row: TokenRow): Token {
  verified('hivewax_tokens', row)
  return {
    id: row.id,
    principal: row.principal,
    permissions: JSON.parse(row.permissions),
    namespaces: row.namespaces === null ? undefined : JSON.parse(row.namespaces),
    agentId: row.agent_id ?? undefined,
    createdAt: toDate(row.created_at),
    expiresAt: toOptionalDate(row.expires_at),
  }
}
