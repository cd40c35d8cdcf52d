import { Conflict } from '../../errors.ts'
import type { Check } from '../engine.ts'

/** The table of a store into which a migration has not ended. */
export const progressTable = 'hivewax_migration_progress'

const fix = 'Run the same `hivewax migrate` again: it goes on where it was.'

/** What `doctor` says of such a store that is open. */
export const incompleteCopy: Check = {
  name: 'migration',
  ok: false,
  message: 'the store holds a part of another one only: a migration into it has not ended',
  fix,
}

/** What is said to those who open it, or copy from it. */
export function isIncomplete(location: string): Conflict {
  return new Conflict(`${location} holds a part of another store only: a migration into it has not ended`, {
    hint: fix,
    details: { location },
  })
}
