import type { Migration } from '../../src/db/migration.ts'
import { migrations, schemaId } from '../../src/db/migrations/index.ts'

const alter = 'alter table tasks add column trial text; create table hivewax_trial (id text primary key);'

const trial: Migration = { id: schemaId + 1, name: 'trial', sqlite: alter, postgres: alter }

/** The migrations of a program that is one step ahead. */
export const ahead: readonly Migration[] = [...migrations, trial]

/** A migration that fails in its last statement. */
export function broken(id: number): Migration {
  const text =
    'create table hivewax_half (id text primary key); alter table tasks drop column no_such_column;'
  return { id, name: 'broken', sqlite: text, postgres: text }
}
