import type { Migration } from '../migration.ts'
import { tables } from './0001-tables.ts'
import { find } from './0002-find.ts'
import { coordination } from './0003-coordination.ts'
import { access } from './0004-access.ts'
import { checksums } from './0005-checksums.ts'
import { pinned } from './0006-pinned.ts'
import { growth } from './0007-growth.ts'
import { findWalks } from './0008-find-walks.ts'
import { authors } from './0009-authors.ts'
import { history } from './0010-history.ts'
import { connections } from './0011-connections.ts'
import { authorCounts } from './0012-author-counts.ts'
import { planning } from './0013-planning.ts'
import { reservations } from './0014-reservations.ts'

/** All migrations in order. A new one goes at the end; a released one is never edited. */
export const migrations: readonly Migration[] = [
  tables,
  find,
  coordination,
  access,
  checksums,
  pinned,
  growth,
  findWalks,
  authors,
  history,
  connections,
  authorCounts,
  planning,
  reservations,
]

/** The number of the schema that this program works with. */
export const schemaId = migrations.length
