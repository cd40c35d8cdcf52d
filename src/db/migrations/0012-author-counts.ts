import type { Migration } from '../migration.ts'

/** By its revision a write of ours is told from other SQL even when both are within a millisecond. */
const byRevision = (table: string, covered: readonly string[]) => {
  const differs = covered.map(column => `new.${column} is distinct from old.${column}`).join(' or ')
  return `
drop trigger ${table}_author on ${table};
create trigger ${table}_author before update of ${covered.join(', ')} on ${table}
for each row when (new.revision is not distinct from old.revision and (${differs})) execute function hivewax_unknown_author();`
}

/** On PostgreSQL a record that is written twice within a millisecond keeps its author. */
export const authorCounts: Migration = {
  id: 12,
  name: 'author-counts',
  // There the checksum, which covers the author, tells them apart.
  sqlite: '',
  postgres: `${byRevision('agent_memory', ['value'])}${byRevision('patterns', ['type', 'pattern_data', 'metadata'])}
`,
}
