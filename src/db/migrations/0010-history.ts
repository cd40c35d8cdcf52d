import type { Migration } from '../migration.ts'
import { postgres } from './0010-history/postgres.ts'
import { sqlite } from './0010-history/sqlite.ts'

/** What memory held before, who wrote it, and who deleted it. */
export const history: Migration = { id: 10, name: 'history', sqlite, postgres }
