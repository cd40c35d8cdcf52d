import type { PoolClient } from 'pg'
import { unlimited } from '../postgres/limits.ts'
import { sideOf, snapshotOf } from './snapshot.ts'
import type { End } from './stores.ts'

/** See `withSource`. */
export function withServerSource<T>(url: string, fn: (end: End) => Promise<T>): Promise<T> {
  return withServer(url, async (client, location) => {
    const side = await snapshotOf(client)
    return fn({ side, location, durable: async () => {} })
  })
}

/** See `withTarget`. */
export function withServerTarget<T>(url: string, fn: (end: End) => Promise<T>): Promise<T> {
  return withServer(url, async (client, location) => {
    await client.query('set synchronous_commit = off')
    const durable = async () => {
      await client.query('set synchronous_commit = on')
    }
    return fn({ side: sideOf(client), location, durable })
  })
}

async function withServer<T>(
  url: string,
  fn: (client: PoolClient, location: string) => Promise<T>,
): Promise<T> {
  const { PostgresStore } = await import('../postgres/server.ts')
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
