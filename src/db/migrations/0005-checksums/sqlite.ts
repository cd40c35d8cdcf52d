import { type Table, tables } from './tables.ts'

/**
 * SQL from outside knows no checksums: where it changes what one covers, and leaves the checksum as it was, that becomes
 * null. What is not changed keeps its checksum.
 */
function trigger(table: Table, checksum: string, covered: readonly string[]): string {
  const { name, key, primaryKey = ['rowid'] } = table
  const columns = [...key, ...covered]
  const differs = columns.map(column => `old.${column} is not new.${column}`).join(' or ')
  const isThis = primaryKey.map(column => `${column} = new.${column}`).join(' and ')
  return `
create trigger ${name}_${checksum} after update of ${columns.join(', ')} on ${name}
when new.${checksum} is old.${checksum} and new.${checksum} is not null and (${differs}) begin
  update ${name} set ${checksum} = null where ${isThis};
end;`
}

function addTo(table: Table): string {
  const checksums = Object.entries(table.checksums)
  const columns = checksums.map(([name]) => `\nalter table ${table.name} add column ${name} integer;`)
  return [...columns, ...checksums.map(([name, covered]) => trigger(table, name, covered))].join('')
}

/** The part of SQLite. */
export const sqlite = `
-- checksums over what a caller has given; null in rows that other SQL has written, or that are older than these columns
${tables.map(addTo).join('')}
`
