import type { PoolClient } from 'pg'
import { InvalidInput, Unsupported } from '../../errors.ts'
import { isCurrent, migrate } from './schema-history.ts'

/** The first release that has all that our statements use. */
const minServer = 140_000

/** Makes the schema a store of this version: refuses a foreign one, creates a new one, migrates an older one. */
export async function createSchema(client: PoolClient, schema: string): Promise<void> {
  await assertServer(client)
  await assertUsed(client, schema)
  if (await isCurrent(client)) return
  await assertNotForeign(client, schema)
  await createSchemaOnly(client, schema)
  await assertUsed(client, schema)
  await createUnlessThere(client, 'create table if not exists hivewax_creation (lock bigint primary key)')
  await migrate(client)
}

/**
 * Makes sure that the schema holds a store of this version, and changes nothing.
 * @throws Unsupported where it would have to be created or migrated first
 */
export async function assertReadable(client: PoolClient, schema: string): Promise<void> {
  await assertServer(client)
  await assertUsed(client, schema)
  if (await isCurrent(client)) return
  throw new Unsupported(`the schema ${schema} holds no store, or an older one, and nothing can be written`, {
    hint: 'Open it once where it can be written: that creates or upgrades it.',
  })
}

/** Whether the server follows another one, and takes no writes. */
export async function isStandby(client: PoolClient): Promise<boolean> {
  const { rows } = await client.query<{ standby: boolean }>('select pg_is_in_recovery() as standby')
  return rows[0]?.standby === true
}

/** A proxy may have dropped what the connection asked for, and then all would go to another schema. */
async function assertUsed(client: PoolClient, schema: string): Promise<void> {
  const { rows } = await client.query<{ used: string | null }>('select current_schema() as used')
  const used = rows[0]?.used ?? schema
  if (used === schema) return
  throw new Unsupported(`the connection uses the schema ${used} instead of ${schema}`, {
    hint: `A proxy drops the setting. Give it to the user: alter role NAME set search_path = ${schema}.`,
  })
}

/** One statement, so that it never takes a store that has just been created for half of one. */
async function assertNotForeign(client: PoolClient, schema: string): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `select table_name as name from information_schema.tables
     where table_schema = $1 and table_name in ('memory_store', 'agents', 'tasks', 'events', 'sessions')
     and not exists (select 1 from information_schema.tables
                     where table_schema = $1 and table_name = 'hivewax_migrations')`,
    [schema],
  )
  if (rows.length === 0) return
  throw new InvalidInput(
    `the schema ${schema} holds tables of another program: ${rows.map(row => row.name).join(', ')}`,
    { hint: 'Nothing was changed. Choose another schema: postgres://…?schema=NAME.' },
    'foreign_store',
  )
}

/** Asked for only when it is missing: who may create tables in a schema need not be allowed to create schemas. */
async function createSchemaOnly(client: PoolClient, schema: string): Promise<void> {
  const name = client.escapeIdentifier(schema)
  const { rows } = await client.query<{ there: boolean }>('select to_regnamespace($1) is not null as there', [
    name,
  ])
  if (rows[0]?.there !== true) await createUnlessThere(client, `create schema if not exists ${name}`)
}

async function createUnlessThere(client: PoolClient, text: string): Promise<void> {
  try {
    await client.query(text)
  } catch (error) {
    // `if not exists` fails when another process is creating the same: by now it is there.
    if (!isDuplicate(error)) throw error
  }
}

/** What the server says of a schema, a table or a type that another transaction has created meanwhile. */
function isDuplicate(error: unknown): boolean {
  return error instanceof Error && 'code' in error && /^(23505|42P0[67]|42710)$/.test(String(error.code))
}

async function assertServer(client: PoolClient): Promise<void> {
  const { rows } = await client.query<{ number: string; name: string }>(
    "select current_setting('server_version_num') as number, current_setting('server_version') as name",
  )
  assertServerVersion(Number(rows[0]?.number), rows[0]?.name ?? '')
}

/**
 * @param number as the server counts its releases, 140002 for 14.2
 * @throws Unsupported for a server that lacks what our statements use
 */
export function assertServerVersion(number: number, name: string): void {
  if (number >= minServer) return
  throw new Unsupported(`the server is PostgreSQL ${name}; hivewax needs 14 or newer`, {
    hint: 'Upgrade the server, or use another one.',
  })
}
