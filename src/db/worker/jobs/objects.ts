import type { Connection } from '../../sqlite/connection.ts'
import { quoted } from './job.ts'

/** A table, index, view or trigger, and the statement that makes it. */
export interface SchemaObject {
  type: 'table' | 'index' | 'view' | 'trigger'
  name: string
  sql: string
}

/** What was created in `schema`, without what SQLite and virtual tables make for themselves. */
export function objects(connection: Connection, schema: string): SchemaObject[] {
  const rows = connection.iterate(
    `select s.type, s.name, s.sql from ${schema}.sqlite_schema s
     left join pragma_table_list l on l.schema = '${schema}' and l.name = s.name
     where s.sql is not null and s.name not like 'sqlite\\_%' escape '\\' and l.type is not 'shadow'
     order by s.rowid`,
    [],
  )
  return [...rows].map(({ type, name, sql }) => ({
    type: type as SchemaObject['type'],
    name: String(name),
    sql: String(sql),
  }))
}

/**
 * The tables of `schema` that hold rows themselves: not the virtual ones, but those that these are made of.
 */
export function rowTables(connection: Connection, schema: string): string[] {
  const rows = connection.iterate(
    `select name from pragma_table_list where schema = '${schema}' and type in ('table', 'shadow')
     and name not like 'sqlite\\_%' escape '\\' order by name`,
    [],
  )
  return [...rows].map(row => String(row.name))
}

/** The columns by which the rows of a table lie in the file. */
export function rowKey(connection: Connection, table: string): string[] {
  const [kind] = [
    ...connection.iterate('select wr from pragma_table_list where name = ? and schema = ?', [table, 'main']),
  ]
  if (kind?.wr !== 1) return ['rowid']
  const rows = connection.iterate('select name from pragma_table_info(?) where pk > 0 order by pk', [table])
  return [...rows].map(row => String(row.name))
}

export function drop(connection: Connection, schema: string, { type, name }: SchemaObject): void {
  // An index goes with its table, a trigger with its view.
  connection.exec(`drop ${type} if exists ${schema}.${quoted(name)}`)
}
