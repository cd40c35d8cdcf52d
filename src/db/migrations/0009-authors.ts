import type { Migration } from '../migration.ts'
import { postgres } from './0009-authors/postgres.ts'
import { sqlite } from './0009-authors/sqlite.ts'

/** Each record says who wrote it. */
export const authors: Migration = { id: 9, name: 'authors', sqlite, postgres }
