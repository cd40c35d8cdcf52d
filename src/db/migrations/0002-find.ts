import type { Migration } from '../migrate.ts'

/** A record type that full-text search covers: how its row becomes text. */
interface Source {
  readonly table: string
  readonly id: string
}

const sources: readonly Source[] = [
  { table: 'memory_store', id: 'id' },
  { table: 'agent_memory', id: 'id' },
  { table: 'events', id: 'id' },
  { table: 'tasks', id: 'id' },
  { table: 'patterns', id: 'id' },
]

/** A write only notes which row changed: an append to the end of one table, whoever writes and in whatever SQL. */
function markers({ table, id }: Source): string {
  const mark = (event: string, row: string) => `
create trigger ${table}_find_${event} after ${event} on ${table} begin
  insert into hivewax_find_changes (source, ref) values ('${table}', ${row}.${id});
end;`
  return mark('insert', 'new') + mark('update', 'new') + mark('delete', 'old')
}

/** Full-text search: a log of changed rows, and the index that is brought up to date from it. */
export const find: Migration = {
  id: 2,
  name: 'find',
  sqlite: `
create table hivewax_find_changes (
  id integer primary key,
  source text not null,
  ref not null
);
create table hivewax_find_records (
  id integer primary key,
  source text not null,
  ref not null,
  unique (source, ref)
);
create virtual table hivewax_find using fts5 (title, body, tokenize = 'porter unicode61 remove_diacritics 2');
${sources.map(markers).join('\n')}
`,
}
