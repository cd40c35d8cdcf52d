import type { Memory } from '../../src/memory.ts'
import type { Column, Table } from './tables.ts'

/** What an engine says of a table. */
export interface Found {
  columns: [name: string, column: Column][]
  /** The columns of each unique constraint, joined by commas. */
  unique: string[]
  references: Record<string, string>
}

/** A contract's table as the engines would describe it. */
export function described({ columns, unique = [], references = {} }: Table): Found {
  return { columns: Object.entries(columns), unique: unique.map(list => list.join()), references }
}

/** Reads a table from the catalog of SQLite. */
export async function ofSqlite(memory: Memory, table: string): Promise<Found> {
  const [schema] = await memory.query('select sql from sqlite_schema where name = ?', [table])
  const isNumbered = /integer primary key autoincrement/i.test(String(schema?.sql))
  const rows = await memory.query(`select * from pragma_table_info('${table}')`)
  const columns = rows.map((row): [string, Column] => {
    const isTime = /_at$|^(timestamp|last_\w+)$/.test(String(row.name))
    const kind = row.type === 'TEXT' && isTime ? 'time' : String(row.type).toLowerCase()
    return [
      String(row.name),
      column(kind, {
        isRequired: row.notnull === 1,
        default: row.dflt_value,
        key: row.pk === 0 ? undefined : isNumbered ? 'numbered' : 'primary',
      }),
    ]
  })
  const unique = await memory.query(
    `select group_concat(info.name) as columns
     from pragma_index_list('${table}') as list, pragma_index_info(list.name) as info
     where list.origin = 'u' and list.partial = 0 group by list.name order by 1`,
  )
  const references = await memory.query(
    `select "from" as source, "table" || '.' || "to" as target from pragma_foreign_key_list('${table}')`,
  )
  return found(columns, unique, references)
}

const constraint = `from information_schema.table_constraints as c
  join information_schema.key_column_usage as k using (constraint_schema, constraint_name)
  where c.table_schema = current_schema() and c.table_name = $1`

/** Reads a table from the catalog of PostgreSQL. */
export async function ofPostgres(memory: Memory, table: string): Promise<Found> {
  const primary = await memory.query(
    `select k.column_name as name ${constraint} and c.constraint_type = 'PRIMARY KEY'`,
    [table],
  )
  const rows = await memory.query(
    `select column_name as name, data_type as type, is_nullable as nullable, column_default as value,
       is_identity as identity
     from information_schema.columns where table_schema = current_schema() and table_name = $1
     order by ordinal_position`,
    [table],
  )
  const columns = rows.map((row): [string, Column] => {
    const isKey = primary[0]?.name === row.name
    const isNumbered = isKey && (row.identity === 'YES' || /^hivewax_next_event\(\)$/.test(String(row.value)))
    return [
      String(row.name),
      column(kinds[String(row.type)] ?? String(row.type), {
        // What is a primary key refuses null here by itself.
        isRequired: row.nullable === 'NO' && !isKey,
        default: isNumbered ? null : row.value,
        key: isNumbered ? 'numbered' : isKey ? 'primary' : undefined,
      }),
    ]
  })
  const unique = await memory.query(
    `select string_agg(k.column_name, ',' order by k.ordinal_position) as columns ${constraint}
       and c.constraint_type = 'UNIQUE' group by constraint_name order by 1`,
    [table],
  )
  const references = await memory.query(
    `select k.column_name as source, t.table_name || '.' || t.column_name as target
     from information_schema.referential_constraints as r
     join information_schema.key_column_usage as k using (constraint_schema, constraint_name)
     join information_schema.key_column_usage as t
       on t.constraint_schema = r.unique_constraint_schema and t.constraint_name = r.unique_constraint_name
     where k.table_schema = current_schema() and k.table_name = $1`,
    [table],
  )
  return found(columns, unique, references)
}

const kinds: Readonly<Record<string, string>> = {
  bigint: 'integer',
  'double precision': 'real',
  'timestamp with time zone': 'time',
}

interface Facts {
  isRequired: boolean
  default: unknown
  key: Column['key']
}

function column(kind: string, { isRequired, default: value, key }: Facts): Column {
  return {
    kind: kind as Column['kind'],
    ...(isRequired && { required: true }),
    ...(value !== null && { default: plain(String(value)) }),
    ...(key !== undefined && { key }),
  }
}

/** A default as people say it, of the SQL that makes it. */
function plain(sql: string): string | number {
  if (/^(current_timestamp|clock_timestamp\(\))$/i.test(sql)) return 'now'
  const [, quoted] = /^'(.*?)'(?:::[a-z ]+)?$/.exec(sql) ?? []
  if (quoted === undefined) return Number.isNaN(Number(sql)) ? sql : Number(sql)
  return /^'-?\d/.test(sql) && !sql.endsWith('::text') ? Number(quoted) : quoted
}

function found(
  columns: Found['columns'],
  unique: readonly Record<string, unknown>[],
  references: readonly Record<string, unknown>[],
): Found {
  return {
    columns,
    unique: unique.map(row => String(row.columns)),
    references: Object.fromEntries(references.map(row => [String(row.source), String(row.target)])),
  }
}
