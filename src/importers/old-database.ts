import type { DatabaseSync } from 'node:sqlite'
import { applicationId } from '../db/sqlite/schema.ts'
import { InvalidInput } from '../errors.ts'
import type { IncomingRecord } from '../maintenance/transfer/incoming-record.ts'
import { isObject, type Json } from '../util/json.ts'
import { isMemory, keptWhole, memoryItems } from './convert-memory.ts'
import { toAgent, toMetric, toPattern, toSession, toTask } from './convert-records.ts'
import { decodeValue, textOf } from './convert-values.ts'
import { openReadOnly, readError } from './read-only.ts'
import type { Fields, Item, Origin, Source } from './source.ts'

interface Table {
  readonly name: string
  readonly columns: ReadonlySet<string>
}

/** How the rows of a table become items. */
type Reading = (row: Fields, origin: Origin, section: string) => Iterable<Item>

interface Shape {
  /** True for the tables that it is for. */
  readonly fits: (table: Table) => boolean
  readonly read: Reading
  /** Newest first, so that of several rows of one key the last one stays. */
  readonly order?: string
  /** True when such a table identifies the file as the old product's. */
  readonly tells: boolean
}

const has =
  (...names: string[]) =>
  ({ columns }: Table) =>
    names.every(name => columns.has(name))

const named = (name: string, fits: (table: Table) => boolean) => (table: Table) =>
  table.name === name && fits(table)

/** The shapes of tables, the first that fits holds. */
const shapes: readonly Shape[] = [
  { fits: named('vector_indexes', has('dimensions', 'metric')), read: left('derived'), tells: true },
  {
    fits: named('metadata', table => table.columns.has('value') && !table.columns.has('namespace')),
    read: left('settings'),
    tells: false,
  },
  { fits: table => /embeddings?$/.test(table.name), read: vectorItems, tells: true },
  {
    fits: has('id', 'type', 'pattern_data', 'created_at'),
    read: bankItems,
    order: 'created_at desc, rowid desc',
    tells: true,
  },
  {
    fits: table => has('id', 'pattern_type', 'condition', 'action')(table),
    read: made(toPattern),
    tells: true,
  },
  {
    fits: table => has('id', 'task_type', 'approach', 'success_rate')(table),
    read: made(toPattern),
    tells: true,
  },
  { fits: table => has('id', 'problem', 'solution')(table), read: made(toPattern), tells: true },
  {
    fits: table => isMemoryTable(table),
    read: (row, origin, section) => memoryItems(row, origin, { section }),
    tells: true,
  },
  { fits: named('agents', has('id', 'type')), read: made(toAgent), tells: true },
  { fits: named('tasks', has('id', 'description', 'status')), read: made(toTask), tells: true },
  {
    fits: named(
      'sessions',
      table => table.columns.has('id') && (table.columns.has('state') || table.columns.has('objective')),
    ),
    read: made(toSession),
    tells: true,
  },
  { fits: has('metric_name', 'value', 'timestamp'), read: metricItems, tells: true },
  { fits: () => true, read: whole, tells: false },
]

/** Old memory: by key; or, in version 1, by id with the agent and the session that it belongs to. */
function isMemoryTable({ columns }: Table): boolean {
  const names = Object.fromEntries([...columns].map(name => [name, true]))
  const isKeyed =
    isMemory(names) && (columns.has('namespace') || columns.has('swarm_id') || columns.has('tier'))
  return isKeyed || ['id', 'agent_id', 'content', 'context', 'timestamp'].every(name => columns.has(name))
}

/** The old product's database, read table by table; undefined when the file is no SQLite database. */
export function openSqliteSource(file: string, origin: Origin): Source | undefined {
  const opened = openReadOnly(file)
  if (opened === undefined) return undefined
  try {
    const tables = readTables(opened.db, file)
    const items = () => readAll({ file, ...opened, tables }, origin)
    return { file, format: 'claude-flow SQLite', items, close: opened.close }
  } catch (error) {
    opened.close()
    throw readError(error, file)
  }
}

/** Whether a file is a store of ours. */
export function isOwnStore(file: string): boolean {
  const opened = openReadOnly(file)
  try {
    return opened !== undefined && isOurs(opened.db)
  } catch (error) {
    throw readError(error, file)
  } finally {
    opened?.close()
  }
}

function isOurs(db: DatabaseSync): boolean {
  return db.prepare('pragma application_id').get()?.application_id === applicationId
}

function readTables(db: DatabaseSync, file: string): Table[] {
  if (isOurs(db)) {
    throw new InvalidInput(`${file} is a memory of hivewax, which is brought only when it is named itself`)
  }
  const tables = tableNames(db).map(name => readTable(db, name))
  if (tables.some(table => shapeOf(table).tells)) return tables
  const list = tables.map(({ name }) => name).join(', ') || 'nothing'
  throw new InvalidInput(
    `${file} is an SQLite database that no importer knows (it holds: ${list.slice(0, 200)})`,
    { hint: 'hivewax imports the stores of claude-flow and ruflo, server-memory files, JSON and NDJSON.' },
    'foreign_store',
  )
}

/** Without those in which SQLite itself, or a full-text index, keeps what it makes of the others. */
function tableNames(db: DatabaseSync): string[] {
  const rows = db
    .prepare(
      "select name from sqlite_schema where type = 'table' and sql not like 'create virtual%' order by name",
    )
    .all()
  return rows
    .map(({ name }) => String(name))
    .filter(name => !/^sqlite_|_fts(_(data|idx|content|docsize|config))?$/.test(name))
}

function readTable(db: DatabaseSync, name: string): Table {
  const columns = db.prepare('select name from pragma_table_info(?)').all(name)
  return { name, columns: new Set(columns.map(column => String(column.name))) }
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

function shapeOf(table: Table): Shape {
  const shape = shapes.find(({ fits }) => fits(table))
  if (shape === undefined) throw new Error(`no shape for ${table.name}`)
  return shape
}

interface OpenFile {
  readonly file: string
  readonly db: DatabaseSync
  readonly assertSteady: () => void
  readonly tables: readonly Table[]
}

function* readAll({ file, db, assertSteady, tables }: OpenFile, origin: Origin): Generator<Item> {
  try {
    // One moment for all tables, however long it takes.
    db.exec('begin')
    for (const table of tables) {
      const { read, order } = shapeOf(table)
      const statement = db.prepare(`select * from ${quoted(table.name)}${order ? ` order by ${order}` : ''}`)
      statement.setReadBigInts(true)
      for (const row of statement.iterate()) {
        assertSteady()
        yield* read(toFields(row), origin, table.name)
      }
    }
    db.exec('commit')
  } catch (error) {
    throw readError(error, file)
  } finally {
    if (db.isOpen && db.isTransaction) db.exec('rollback')
  }
}

/** Integers beyond what JavaScript holds exactly become text. */
function toFields(row: Record<string, unknown>): Fields {
  const field = (value: unknown): Json | Uint8Array => {
    if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value)
    return value instanceof Uint8Array || typeof value === 'number' || typeof value === 'string'
      ? value
      : null
  }
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, field(value)]))
}

function made(
  make: (row: Fields, origin: Origin, from: string) => { record: IncomingRecord; inMetadata: number },
): Reading {
  return function* (row, origin, section) {
    const { record, inMetadata } = make(row, origin, section)
    if (record.kind === 'session' && isPast(record.expiresAt, origin))
      yield { section, left: 'expired', count: 1 }
    else yield { section, record, inMetadata }
    if (row.embedding !== undefined && row.embedding !== null) {
      yield { section: `${section}.embedding`, left: 'derived', count: 1 }
    }
  }
}

function isPast(time: Date | undefined, { now, expired }: Origin): boolean {
  return !expired && time !== undefined && time <= now
}

function left(why: 'derived' | 'settings'): Reading {
  return function* (_row, _origin, section) {
    yield { section, left: why, count: 1 }
  }
}

function* vectorItems(row: Fields, origin: Origin, section: string): Generator<Item> {
  if (origin.vectors) yield whole(row, origin, section)[0]
  else yield { section, left: 'derived', count: 1 }
}

function whole(row: Fields, origin: Origin, section: string): [Item] {
  const [first] = Object.values(row)
  const found = row.id ?? row.key ?? first ?? null
  const id = found instanceof Uint8Array ? null : found
  return [keptWhole({ section, id, fields: row }, origin)]
}

/** Version 2.7 stored the memory of its command line as patterns: it comes as both. */
function* bankItems(row: Fields, origin: Origin, section: string): Generator<Item> {
  yield* made(toPattern)(row, origin, section)
  const data = decodeValue(row.pattern_data)
  const key = isObject(data) ? textOf(data.original_key) : undefined
  if (!isObject(data) || key === undefined) return
  const fields: Fields = {
    key,
    namespace: data.namespace ?? data.domain ?? null,
    value: data.original_value ?? data.content ?? null,
    created_at: row.created_at ?? null,
    pattern: row.id ?? null,
  }
  yield* memoryItems(fields, origin, { section: `${section}.original_key`, from: section })
}

function metricItems(row: Fields, origin: Origin, section: string): [Item] {
  const record = toMetric(row, origin, section)
  return record === undefined ? whole(row, origin, section) : [{ section, record }]
}
