import type { PoolClient } from 'pg'
import { type Applied, type Migration, pending, record } from '../migration.ts'
import { migrations } from '../migrations/index.ts'

/**
 * True when the schema holds a store of this version. Only reads, as roles do that may do no more.
 * @throws Unsupported for a store of a newer program
 */
export async function isCurrent(client: PoolClient): Promise<boolean> {
  return pending(migrations, await applied(client), 'postgres').length === 0
}

/** Applies what is missing, each in a transaction of its own. The process that comes second finds nothing left to do. */
export async function migrate(client: PoolClient, all: readonly Migration[] = migrations): Promise<void> {
  while (await inTurn(client, () => applyNext(client, all)));
}

/** Runs `fn` in a transaction, after those of others: all of them hold the same row until they commit. */
async function inTurn<T>(client: PoolClient, fn: () => Promise<T>): Promise<T> {
  await client.query('begin')
  try {
    await client.query(
      'insert into hivewax_creation (lock) values (1) on conflict (lock) do update set lock = excluded.lock',
    )
    const result = await fn()
    await client.query('commit')
    return result
  } catch (error) {
    await client.query('rollback')
    throw error
  }
}

/** Applies the first migration that is missing; true when more are. */
async function applyNext(client: PoolClient, all: readonly Migration[]): Promise<boolean> {
  const history = await applied(client)
  const [next, ...later] = pending(all, history, 'postgres')
  if (next === undefined) return false
  await client.query(next.postgres)
  if (history.some(isUnrecorded)) await recordFormer(client, all)
  const { id, name, checksum } = record(next, 'postgres')
  await client.query('insert into hivewax_migrations (id, name, checksum) values ($1, $2, $3)', [
    id,
    name,
    checksum,
  ])
  return later.length > 0
}

/** What the store remembers, in order; nothing when there is no store. */
async function applied(client: PoolClient): Promise<Applied[]> {
  const found = await client.query<{ there: boolean }>(
    "select to_regclass('hivewax_migrations') is not null as there",
  )
  if (found.rows[0]?.there !== true) return []
  const { rows } = await client.query<Applied>(
    'select id, name, checksum from hivewax_migrations order by id',
  )
  return rows
}

/**
 * True for how stores were recorded when migrations 1 to 4 were made at once: by the last of them, without a
 * checksum.
 */
function isUnrecorded({ checksum }: Applied): boolean {
  return checksum === ''
}

/** Gives such a store the history that it has in fact. */
async function recordFormer(client: PoolClient, all: readonly Migration[]): Promise<void> {
  const history = all.map(migration => record(migration, 'postgres'))
  await client.query(
    `insert into hivewax_migrations (id, name, checksum, applied_at)
     select listed.id, listed.name, listed.checksum, former.applied_at
     from hivewax_migrations as former
     join json_to_recordset($1) as listed (id bigint, name text, checksum text) on listed.id <= former.id
     where former.checksum = ''
     on conflict (id) do update set name = excluded.name, checksum = excluded.checksum`,
    [JSON.stringify(history)],
  )
}
