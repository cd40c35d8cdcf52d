import type { Migration } from '../migration.ts'
import { postgres } from './0007-growth/postgres.ts'
import { sqlite } from './0007-growth/sqlite.ts'

/** What keeps the cost of an answer from growing with the records that are no part of it. */
export const growth: Migration = { id: 7, name: 'growth', sqlite, postgres }
