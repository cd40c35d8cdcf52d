import type { PoolClient } from 'pg'
import { unlimited } from '../postgres/timeouts.ts'
import { copiedTables } from './copied-tables.ts'
import { PostgresEndpoint } from './postgres-endpoint.ts'

/**
 * Begins a transaction that sees the store as of now, for as long as it lasts. It locks every table first,
 * since a snapshot does not keep others from emptying one.
 */
export async function snapshotOf(client: PoolClient): Promise<PostgresEndpoint> {
  await client.query('begin isolation level repeatable read read only')
  await client.query(unlimited('transaction'))
  await client.query(
    `lock table hivewax_counters, ${copiedTables.map(({ name }) => name).join(', ')} in access share mode`,
  )
  return endpointOf(client)
}

/** A store in PostgreSQL, on this connection. */
export function endpointOf(client: PoolClient): PostgresEndpoint {
  return new PostgresEndpoint(async (text, params) => (await client.query(text, [...params])).rows)
}
