import type { Migration } from '../migration.ts'
import { postgres } from './0003-coordination/postgres.ts'
import { sqlite } from './0003-coordination/sqlite.ts'

/** What agents need to work together: queues and schedules, leases, terms, a sealed log, runs of workflows. */
export const coordination: Migration = { id: 3, name: 'coordination', sqlite, postgres }
