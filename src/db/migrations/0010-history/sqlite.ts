import { isSame, oldOf, pruneEvery, type Table, tables, takenOver, wasThere } from './tables.ts'

const now = `strftime('%Y-%m-%d %H:%M:%f', 'now')`

/**
 * Of more versions than are kept, the oldest only says that there were some, and those before it go. Looked for once in some
 * changes only, which costs less.
 */
function prune(table: Table): string {
  const { history, content, limit } = table
  const isDue = `old.revision % ${pruneEvery} = 0`
  const oldest = `(select revision from ${history} where ${isSame(table)} order by revision desc limit 1 offset ${limit})`
  return `
  update ${history} set ${content.map(column => `${column} = null`).join(', ')}, author = null, crc = null, gone_at = ${now}
  where ${isDue} and ${isSame(table)} and revision = ${oldest};
  delete from ${history} where ${isDue} and ${isSame(table)} and revision < ${oldest};`
}

/** A write raises the revision by one. SQL from outside does not, and then a trigger of its own does. */
function triggers(table: Table): string {
  const { name, history, content, limit } = table
  const columns = takenOver(table)
  const old = columns.map(oldOf).join(', ')
  // Not 'or ignore': what a statement from outside says of conflicts holds in its triggers too.
  const isNew = `not exists (select 1 from ${history} where ${isSame(table)} and revision = old.revision)`
  const differs = content.map(column => `old.${column} is not new.${column}`).join(' or ')
  return `
create trigger ${name}_version before update on ${name}
when (new.revision = old.revision + 1 or (new.revision = old.revision and (${differs})))
  and ${wasThere(table, `coalesce(new.updated_at, ${now})`)} and ${limit} > 0
begin
  insert into ${history} (${columns.join(', ')}, replaced_at)
  select ${old}, coalesce(new.updated_at, ${now}) where ${isNew};${prune(table)}
end;
create trigger ${name}_revision after update of ${content.join(', ')} on ${name}
when new.revision = old.revision and (${differs}) begin
  update ${name} set revision = revision + 1 where rowid = new.rowid;
end;
create trigger ${name}_deleted after delete on ${name} begin
  update hivewax_counters set value = old.revision + 1 where name = 'floor' and value <= old.revision;
  insert into ${history} (${columns.join(', ')}, replaced_at, deleted)
  select ${old}, ${now}, 1 where ${wasThere(table, now)} and ${limit} > 0 and ${isNew};${prune(table)}
end;
`
}

/** SQL from outside knows no checksums: see the migration of those. */
function checksumTrigger({ history, key, content, uncovered }: Table): string {
  const covered = [...key, ...content.filter(column => !uncovered.includes(column)), 'author']
  const differs = covered.map(column => `old.${column} is not new.${column}`).join(' or ')
  const isThis = [...key, 'revision'].map(column => `${column} = new.${column}`).join(' and ')
  return `
create trigger ${history}_crc after update of ${covered.join(', ')} on ${history}
when new.crc is old.crc and new.crc is not null and (${differs}) begin
  update ${history} set crc = null, author = null where ${isThis};
end;`
}

function historyTable({ history, key, content, numbers = [] }: Table): string {
  const typed = content.map(column => `  ${column} ${numbers.includes(column) ? 'real' : 'text'},`)
  return `
create table ${history} (
${key.map(column => `  ${column} text not null,`).join('\n')}
  revision integer not null,
${typed.join('\n')}
  author text,
  created_at text,
  updated_at text,
  replaced_at text not null,
  deleted integer not null default 0,
  deleted_by text,
  gone_at text,
  gone_by text,
  crc integer,
  primary key (${key.join(', ')}, revision)
) without rowid;`
}

/** The part of SQLite. */
export const sqlite = `
-- how many versions the records of a namespace keep, and for how many days; 20 and 90 where nothing is said
create table hivewax_history_limits (
  namespace text primary key,
  versions integer not null,
  days integer not null
) without rowid;
-- What records held until \`replaced_at\`, when they were written anew, or deleted (\`deleted\`, by \`deleted_by\`; its number is
-- the one behind \`revision\`). Where \`gone_at\` is set the content is gone: redacted by \`gone_by\`, or one of too many.
${tables.map(historyTable).join('')}${tables.map(checksumTrigger).join('')}
create index hivewax_memory_history_by_expiry on hivewax_memory_history (expires_at) where expires_at is not null;
drop trigger memory_store_floor;
alter table agent_memory add column revision integer not null default 1;
alter table patterns add column revision integer not null default 1;
${tables.map(triggers).join('')}`
