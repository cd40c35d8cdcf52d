import type { Context } from '../context.ts'
import { type Author, decodeAuthor } from '../db/author.ts'
import { verified } from '../db/checksums.ts'
import { type Columns, type FieldsOf, listOf, type RowOf } from '../db/columns.ts'
import type { Db } from '../db/db.ts'
import { deleteRecorded } from '../db/history/delete-recorded.ts'
import { readHistory } from '../db/history/read-history.ts'
import { type Redacted, type RedactOptions, redactRecord } from '../db/history/redact.ts'
import type { Version } from '../db/history/version.ts'
import { versionBy } from '../db/history/version-at.ts'
import type { RecordKey } from '../db/history/versions-of.ts'
import { allLocked, oneLocked } from '../db/locked-records.ts'
import { join, sql } from '../db/sql.ts'
import { checkName } from '../util/check.ts'
import { checkGlob } from '../util/glob.ts'
import { decodeLoose, encodeJson, type Json } from '../util/json.ts'
import { cursorPosition, type Page, type PageOptions, pageLimit, toPage } from '../util/page.ts'
import { toDate } from '../util/time.ts'
import { ensureAgent } from './ensure-agent.ts'

/** A key of an agent's own memory. */
export interface AgentMemoryRecord {
  agentId: string
  key: string
  value: Json
  createdAt: Date
  updatedAt: Date
  /** Rises with every write of the key and is never used twice, not even after a delete. */
  revision: number
  /** Who wrote it; undefined when that is not known. */
  author: Author | undefined
}

/** One change of a key of an agent's own memory. */
export interface AgentMemoryVersion extends Version {
  agentId: string
  key: string
  /** Undefined for a deletion, and for what is redacted. */
  value: Json | undefined
}

export interface AgentMemoryFilter extends PageOptions {
  /** Only keys that match this glob (`*`, `?`, `[…]`). */
  glob?: string | undefined
}

const memoryColumns = {
  agent_id: 'text',
  key: 'text',
  value: 'text',
  created_at: 'time',
  updated_at: 'time',
  revision: 'number',
  author: 'text?',
  crc: 'number?',
} as const satisfies Columns

type AgentMemoryRow = RowOf<typeof memoryColumns>

const columns = listOf(memoryColumns)

/** Memory that each agent has to itself: JSON values under a key, without expiry. */
export class AgentMemory {
  readonly #context: Context

  constructor(context: Context) {
    this.#context = context
  }

  /**
   * Stores a value, replacing what was there. The agent need not be registered: it then gets an entry of type
   * `unregistered`, in the same transaction.
   */
  async store(agentId: string, key: string, value: unknown): Promise<void> {
    const record = {
      ...address(agentId, key),
      text: encodeJson('value', value, this.#context.maxValueBytes),
    }
    if (await upsert(this.#context.db, record)) return
    await this.#context.db.transaction(async tx => {
      await ensureAgent(tx, agentId)
      await upsert(tx, record)
    })
  }

  /** The value of a key, a fresh copy, or undefined when it is absent. */
  async retrieve(agentId: string, key: string): Promise<Json | undefined> {
    const at = address(agentId, key)
    const row = await oneLocked<Pick<AgentMemoryRow, 'value' | 'author' | 'crc'>>(
      this.#context.db,
      { table: 'agent_memory', key: [at.agentId, at.key] },
      sql`select value, author, crc from agent_memory where agent_id = ${at.agentId} and key = ${at.key}`,
    )
    if (row === undefined) return undefined
    return decodeLoose(verified('agent_memory', row, { agent_id: at.agentId, key: at.key }).value)
  }

  /** The memory of an agent, by key; empty for an unknown agent. */
  async list(agentId: string, filter: AgentMemoryFilter = {}): Promise<Page<AgentMemoryRecord>> {
    const limit = pageLimit(filter.limit)
    const after = cursorPosition(filter.cursor, 1)
    const parts = [sql`agent_id = ${checkName('agentId', agentId)}`]
    if (filter.glob !== undefined) parts.push(this.#context.db.dialect.glob(sql`key`, checkGlob(filter.glob)))
    if (after !== undefined) parts.push(sql`key > ${after[0]}`)
    const rows = await this.#context.db.all<AgentMemoryRow>(
      sql`select ${columns} from agent_memory
          where ${join(parts, ' and ')} order by key limit ${limit + 1}`,
    )
    return toPage(rows, limit, { item: fromRow, position: row => [row.key] })
  }

  /** Deletes a key. False when it was absent. */
  async delete(agentId: string, key: string): Promise<boolean> {
    const at = address(agentId, key)
    const deleted = await deleteRecorded(this.#context.db, 'agent_memory', tx =>
      allLocked<Pick<AgentMemoryRow, 'agent_id' | 'key' | 'revision'>>(
        tx,
        { table: 'agent_memory', keys: [[at.agentId, at.key]] },
        sql`delete from agent_memory where agent_id = ${at.agentId} and key = ${at.key}
            returning agent_id, key, revision`,
      ),
    )
    return deleted.length > 0
  }

  /** See `Agents.memoryHistory`. */
  async history(agentId: string, key: string, options: PageOptions): Promise<Page<AgentMemoryVersion>> {
    const at = address(agentId, key)
    return readHistory(this.#context.db, recordKey(at), {
      ...options,
      toVersion: (version, { value }) => ({
        ...at,
        ...version,
        value: version.deleted || value === null ? undefined : decodeLoose(value),
      }),
    })
  }

  /** See `Agents.redactMemory`. */
  async redact(agentId: string, key: string, options: RedactOptions): Promise<Redacted> {
    const at = address(agentId, key)
    return redactRecord(this.#context, recordKey(at), { ...options, told: { in: 'agent_memory', ...at } })
  }

  /** See `Agents.revertMemory`. */
  async revert(agentId: string, key: string, revision: number): Promise<void> {
    const at = address(agentId, key)
    await this.#context.db.transaction(async tx => {
      const { value } = await versionBy(tx, recordKey(at), revision)
      await new AgentMemory({ ...this.#context, db: tx }).store(agentId, key, decodeLoose(value ?? 'null'))
    })
  }
}

/** Deletes all memory of an agent. */
export async function deleteAllMemory(db: Db, agentId: string): Promise<void> {
  await deleteRecorded(db, 'agent_memory', tx =>
    tx.all<Pick<AgentMemoryRow, 'agent_id' | 'key' | 'revision'>>(
      sql`delete from agent_memory where agent_id = ${agentId} returning agent_id, key, revision`,
    ),
  )
}

interface Address {
  agentId: string
  key: string
}

function address(agentId: string, key: string): Address {
  return { agentId: checkName('agentId', agentId), key: checkName('key', key) }
}

function recordKey({ agentId, key }: Address): RecordKey<'agent_memory'> {
  return { table: 'agent_memory', key: [agentId, key] }
}

/** One statement for the usual case. False, and nothing stored, when the agent has no row yet. */
async function upsert(db: Db, { agentId, key, text }: Address & { text: string }): Promise<boolean> {
  const { dialect, author } = db
  const crc = dialect.checksum('agent_memory', 'crc', { agent_id: agentId, key, value: text, author })
  const rows = await db.all(
    sql`insert into agent_memory (${columns})
        select id, ${key}, ${text}, ${dialect.now()}, ${dialect.now()},
          (select value + 1 from hivewax_counters where name = 'floor'), ${author}, ${crc}
        from agents where id = ${agentId}
        on conflict (agent_id, key) do update set
          value = excluded.value, updated_at = excluded.updated_at, author = excluded.author, crc = excluded.crc,
          revision = agent_memory.revision + 1
        returning ${dialect.assertAboveFloor(sql`agent_memory`, sql`revision`)} as revision`,
  )
  return rows.length > 0
}

function fromRow(row: AgentMemoryRow): AgentMemoryRecord {
  verified('agent_memory', row)
  return {
    agentId: row.agent_id,
    key: row.key,
    value: decodeLoose(row.value),
    createdAt: toDate(row.created_at),
    updatedAt: toDate(row.updated_at),
    revision: row.revision,
    author: decodeAuthor(row.author),
  } satisfies FieldsOf<Omit<AgentMemoryRow, 'crc'>>
}
