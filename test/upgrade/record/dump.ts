import { DatabaseSync } from 'node:sqlite'
import type pg from 'pg'

/**
 * Stores as text: a script of statements makes each anew, as it was. Leases in it belong to a boot that is over.
 */

const quoted = (name: string) => `"${name}"`

/** The file of a store in SQLite as a script. Nobody may have it open. */
export function dumpFile(file: string): string {
  const db = new DatabaseSync(file, { readOnly: true })
  try {
    const objects = db
      .prepare(
        `select s.type, s.name, s.sql, coalesce(l.type, '') as kind from sqlite_schema s
         left join pragma_table_list l on l.schema = 'main' and l.name = s.name and s.type = 'table'
         where s.sql is not null and s.name not like 'sqlite_stat%' order by s.rowid`,
      )
      .all() as { type: string; name: string; sql: string; kind: string }[]
    const made = objects.filter(({ name, kind }) => kind !== 'shadow' && !name.startsWith('sqlite_'))
    const filled = objects.filter(({ type, kind }) => type === 'table' && kind !== 'virtual')
    const pragmas = ['auto_vacuum', 'application_id', 'user_version'].map(
      name => `pragma ${name}=${Object.values(db.prepare(`pragma ${name}`).get() ?? {})[0]}`,
    )
    return script([
      ...pragmas,
      ...made.filter(({ type }) => type === 'table').map(({ sql }) => sql),
      ...filled.flatMap(({ name }) => [`delete from ${quoted(name)}`, ...rowsOf(db, name)]),
      ...made.filter(({ type }) => type !== 'table').map(({ sql }) => sql),
    ])
  } finally {
    db.close()
  }
}

function rowsOf(db: DatabaseSync, table: string): string[] {
  const columns = db.prepare(`pragma table_info(${quoted(table)})`).all()
  const values = columns.map(({ name }) =>
    name === 'lease_epoch' || name === 'alive_epoch'
      ? `iif(${name} is null, 'null', '''another boot''')`
      : `quote(${quoted(String(name))})`,
  )
  const rows = db.prepare(`select ${values.join(` || ', ' || `)} as list from ${quoted(table)}`).all()
  assertSome(table, rows)
  return rows.map(({ list }) => `insert into ${quoted(table)} values (${list})`)
}

/** The store in the schema that the client uses as a script, whose tables these statements make. */
export async function dumpSchema(client: pg.Client, tables: string): Promise<string> {
  const { rows } = await client.query<{ name: string }>(
    'select tablename as name from pg_tables where schemaname = current_schema() order by 1',
  )
  const fills: string[] = []
  for (const { name } of rows) fills.push(`delete from ${name}`, ...(await recordsOf(client, name)))
  return script([
    'create table hivewax_creation (lock bigint primary key)',
    tables.trim().replace(/;$/, ''),
    'set session_replication_role = replica',
    ...fills,
    ...(await identitiesOf(client)),
    'set session_replication_role = origin',
  ])
}

async function recordsOf(client: pg.Client, table: string): Promise<string[]> {
  const columns = await client.query<{ name: string }>(
    `select attname as name from pg_attribute
     where attrelid = $1::regclass and attnum > 0 and not attisdropped order by attnum`,
    [table],
  )
  const names = columns.rows.map(({ name }) => quoted(name))
  const values = names.map(name => `coalesce(quote_literal(${name}::text), 'null')`).join(` || ', ' || `)
  const { rows } = await client.query<{ list: string }>(`select ${values} as list from ${table}`)
  assertSome(table, rows)
  const into = `insert into ${table} (${names.join(', ')}) overriding system value`
  return rows.map(({ list }) => `${into} values (${list})`)
}

async function identitiesOf(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ table: string; column: string; last: string | null }>(
    `select c.relname as table, a.attname as column,
            pg_sequence_last_value(pg_get_serial_sequence(c.relname, a.attname)::regclass)::text as last
     from pg_attribute a join pg_class c on c.oid = a.attrelid
     where a.attidentity <> '' and c.relnamespace = current_schema()::regnamespace order by 1`,
  )
  return rows
    .filter(({ last }) => last !== null)
    .map(
      ({ table, column, last }) => `select setval(pg_get_serial_sequence('${table}', '${column}'), ${last})`,
    )
}

/** A table that is empty would tell nothing of how its records are upgraded. */
function assertSome(table: string, rows: readonly unknown[]): void {
  if (rows.length === 0) throw new Error(`fill.ts puts nothing into ${table}`)
}

function script(statements: readonly string[]): string {
  return statements.map(each => `${each};\n`).join('')
}
