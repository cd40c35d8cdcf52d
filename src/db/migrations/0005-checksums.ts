import type { Migration } from '../migration.ts'
import { postgres } from './0005-checksums/postgres.ts'
import { sqlite } from './0005-checksums/sqlite.ts'

/** Each record has checksums over what a caller has given, so that a damaged one is told from a sound one. */
export const checksums: Migration = { id: 5, name: 'checksums', sqlite, postgres }
