import type { Db } from './db.ts'

/** A handle on the same database whose calls go another way. What the engine does not have, it does not have either. */
export function reroute(
  db: Db,
  calls: Pick<Db, 'all' | 'query' | 'execute' | 'transaction' | 'version'>,
): Db {
  const { dialect, version, commits, assertOutside, beforeWrites } = db
  return {
    dialect,
    ...(version !== undefined && { version: version.bind(db) }),
    ...(commits !== undefined && { commits }),
    ...(assertOutside !== undefined && { assertOutside: assertOutside.bind(db) }),
    ...(beforeWrites !== undefined && { beforeWrites: beforeWrites.bind(db) }),
    ...calls,
  }
}
