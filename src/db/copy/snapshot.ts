import type { PoolClient } from 'pg'
import { unlimited } from '../postgres/limits.ts'
import { PostgresSide } from './postgres-side.ts'
import { copiedTables } from './tables.ts'

/**
 * Begins a transaction that sees the store as of now, for as long as it lasts. It holds on to every table first,
 * since whoever empties one is not held back by a snapshot.
 */
export async function snapshotOf(client: PoolClient): Promise<PostgresSide> {
  await client.query('begin isolation level repeatable read read only')
  await client.query(unlimited('transaction'))
  await client.query(
    `lock table hivewax_counters, ${copiedTables.map(({ name }) => name).join(', ')} in access share mode`,
  )
  return sideOf(client)
}

/** A store in PostgreSQL, on this connection. */
export function sideOf(client: PoolClient): PostgresSide {
  return new PostgresSide(async (text, params) => (await client.query(text, [...params])).rows)
}
