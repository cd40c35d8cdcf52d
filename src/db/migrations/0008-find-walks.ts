import type { Migration } from '../migration.ts'

/** On PostgreSQL the records of a source, or of a scope, that were indexed last are read without looking at others. */
export const findWalks: Migration = {
  id: 8,
  name: 'find-walks',
  // FTS5 has its lists in this order.
  sqlite: '',
  postgres: `
create index hivewax_find_by_source on hivewax_find_records (source, indexed);
create index hivewax_find_by_scope on hivewax_find_records (scope, indexed) where scope <> '';
`,
}
