import { type Table, tables } from './tables.ts'

/** SQL from outside changes neither the author nor the checksum: then nobody knows who wrote what is there now. */
function addTo({ name, key, checksum, covered, primaryKey = ['rowid'] }: Table): string {
  const columns = [...key, ...covered, 'author']
  const differs = columns.map(column => `old.${column} is not new.${column}`).join(' or ')
  const isThis = primaryKey.map(column => `${column} = new.${column}`).join(' and ')
  return `
alter table ${name} add column author text;
drop trigger ${name}_${checksum};
create trigger ${name}_${checksum} after update of ${columns.join(', ')} on ${name}
when new.${checksum} is old.${checksum} and new.${checksum} is not null and (${differs}) begin
  update ${name} set ${checksum} = null, author = null where ${isThis};
end;`
}

/** The part of SQLite. */
export const sqlite = `
-- who wrote a record last, as JSON; null in rows that are older than this column, or that other SQL has written
${tables.map(addTo).join('')}
`
