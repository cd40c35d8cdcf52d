import type { PoolClient } from 'pg'
import { unlimited } from '../postgres/timeouts.ts'
import type { OpenEndpoint } from './open-endpoint.ts'
import { endpointOf, snapshotOf } from './snapshot.ts'

/** See `withSource`. */
export function withPostgresSource<T>(url: string, fn: (end: OpenEndpoint) => Promise<T>): Promise<T> {
  return withServer(url, async (client, location) => {
    const endpoint = await snapshotOf(client)
    return fn({ endpoint, location, durable: async () => {} })
  })
}

/** See `withTarget`. */
export function withPostgresTarget<T>(url: string, fn: (end: OpenEndpoint) => Promise<T>): Promise<T> {
  return withServer(url, async (client, location) => {
    await client.query('set synchronous_commit = off')
    const durable = async () => {
      await client.query('set synchronous_commit = on')
    }
    return fn({ endpoint: endpointOf(client), location, durable })
  })
}

async function withServer<T>(
  url: string,
  fn: (client: PoolClient, location: string) => Promise<T>,
): Promise<T> {
  const { PostgresStore } = await import('../postgres/postgres-store.ts')
  const store = await PostgresStore.open(url, { maxConnections: 1 })
  try {
    return await store.use(async client => {
      await client.query(unlimited('session'))
      return fn(client, store.url)
    })
  } finally {
    await store.close()
  }
}
