import type { Check } from '../engine.ts'

/** The table of a store into which a migration has not ended. */
export const progressTable = 'hivewax_migration_progress'

/** What `doctor` says of such a store. */
export const incompleteCopy: Check = {
  name: 'migration',
  ok: false,
  message: 'the store holds a part of another one only: a migration into it has not ended',
  fix: 'Run the same `hivewax migrate` again: it goes on where it was.',
}
