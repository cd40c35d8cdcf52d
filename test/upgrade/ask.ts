import { DatabaseSync } from 'node:sqlite'
import { withClient } from '../support/postgres.ts'

type Row = Record<string, unknown>

/** Reads a store past hivewax, which refuses one that is ahead of it. */
export async function ask(location: string, text: string): Promise<Row[]> {
  if (location.startsWith('postgres'))
    return withClient(async client => (await client.query<Row>(text)).rows, location)
  const db = new DatabaseSync(location, { readOnly: true })
  try {
    return db
      .prepare(text)
      .all()
      .map(row => ({ ...row }))
  } finally {
    db.close()
  }
}

/** The migrations that a store remembers. */
export function remembered(location: string): Promise<Row[]> {
  return ask(location, 'select id, name, checksum from hivewax_migrations order by id')
}
