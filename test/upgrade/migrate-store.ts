import type { PoolClient } from 'pg'
import type { Migration } from '../../src/db/migration.ts'
import * as postgres from '../../src/db/postgres/schema-history.ts'
import { Connection } from '../../src/db/sqlite/connection.ts'
import * as sqlite from '../../src/db/sqlite/schema.ts'
import { withClient } from '../support/postgres.ts'

/** Takes a store through these migrations, as a program does that knows them. Waits for others that do the same. */
export async function migrateStore(location: string, all: readonly Migration[]): Promise<void> {
  if (location.startsWith('postgres'))
    return withClient(client => postgres.migrate(client as PoolClient, all), location)
  const connection = new Connection(location, { readOnly: false })
  try {
    await sqlite.migrate(connection, 60_000, all)
  } finally {
    connection.close()
  }
}
