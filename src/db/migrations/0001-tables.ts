import type { Migration } from '../migration.ts'
import { postgres } from './0001-tables/postgres.ts'
import { sqlite } from './0001-tables/sqlite.ts'

/**
 * The twelve tables that hivewax promises to those who query it in SQL. In each, the documented columns come
 * first, with their names, types, defaults and constraints; the columns after them are what further promises need.
 * Every added column has a default, so that an `insert` of the documented columns alone makes a valid record.
 */
export const tables: Migration = { id: 1, name: 'tables', sqlite, postgres }
