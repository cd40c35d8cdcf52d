import type { Migration } from '../migration.ts'
import { postgres } from './0002-find/postgres.ts'
import { sqlite } from './0002-find/sqlite.ts'

/** Full-text search: a log of changed rows, and the index that is brought up to date from it. */
export const find: Migration = { id: 2, name: 'find', sqlite, postgres }
