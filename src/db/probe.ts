import { type Sql, sql } from './sql.ts'

/**
 * The condition that a table has a row in a range of one of its indexes, given with the columns of that: so it costs one
 * look, whatever the number of rows. For `exists` a planner that takes many rows to be in the range would rather read
 * the table until it meets one, and so reads all of it when there is none; PostgreSQL does so without statistics, SQLite
 * when it has some.
 */
export function hasRow(table: Sql, where: Sql, index: Sql): Sql {
  return sql`(select 1 from ${table} where ${where} order by ${index} limit 1) is not null`
}
