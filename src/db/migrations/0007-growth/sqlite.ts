import { indexes } from './indexes.ts'
import { sqliteTallies } from './sqlite-tallies.ts'

/** The part of SQLite. */
export const sqlite = `${indexes}${sqliteTallies}`
