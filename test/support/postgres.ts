import pg from 'pg'
import { onTestFinished, vi } from 'vitest'
import type { Memory } from '../../src/memory.ts'
import { type OpenOptions, openMemory } from '../../src/open.ts'
import type { Transaction } from '../../src/transaction.ts'
import { lendDatabase, newName, takeBack } from './postgres-reuse.ts'
import { copyPostgresTemplate, dropPostgresCopy, hasPostgresTemplate } from './templates.ts'

/** The URL of a store in PostgreSQL that does not exist yet, in a schema of its own that goes with the test. */
export function scratchUrl(): string {
  const schema = newName()
  onTestFinished(async () => {
    const drop = () => withClient(client => client.query(`drop schema if exists ${schema} cascade`))
    // The last statement of a process that the test killed may still be under way, and each wait for the other.
    await drop().catch(error => (error.code === '40P01' ? drop() : Promise.reject(error)))
  })
  const server = process.env.HIVEWAX_TEST_PG_URL ?? ''
  return `${server}${server.includes('?') ? '&' : '?'}schema=${schema}`
}

/** The URL of a new, empty store in PostgreSQL, in a database of its own that goes with the test. */
export async function emptyUrl(): Promise<string> {
  if (!hasPostgresTemplate()) return scratchUrl()
  const database = newName()
  onTestFinished(() => dropPostgresCopy(database))
  return copyPostgresTemplate(database)
}

/** As `emptyUrl`, for a store that no process but this one knows of: its database may serve other tests too. */
async function lentUrl(): Promise<string> {
  if (!hasPostgresTemplate()) return scratchUrl()
  const lent = await lendDatabase()
  onTestFinished(() => takeBack(lent))
  return lent.url
}

/** A handle on a new store in PostgreSQL, or on the one at `url`, closed after the test. */
export async function openPostgresScratch(options: OpenOptions = {}, url?: string): Promise<Memory> {
  const location = url ?? (await lentUrl())
  const memory = await openMemory(location, { background: false, maxConnections: 4, ...options })
  onTestFinished(() => memory.close())
  return memory
}

/** Lends a connection to the tests' server, or to the store at `url`, past hivewax. */
export async function withClient<T>(fn: (client: pg.Client) => Promise<T>, url?: string): Promise<T> {
  const { href, schema } = split(url ?? process.env.HIVEWAX_TEST_PG_URL ?? '')
  const client = new pg.Client({ connectionString: href })
  await client.connect()
  try {
    if (schema !== null) await client.query(`set search_path = ${schema}`)
    return await fn(client)
  } finally {
    await client.end()
  }
}

/** Resolves once so many statements of others wait for an open transaction. */
export async function awaited(tx: Transaction, count = 1): Promise<void> {
  const [row] = await tx.query('select pg_backend_pid() as pid')
  const waiting = 'select 1 from pg_stat_activity where $1 = any (pg_blocking_pids(pid))'
  const areMany = async (client: pg.Client) =>
    ((await client.query(waiting, [row?.pid])).rowCount ?? 0) >= count
  await withClient(client => vi.waitUntil(() => areMany(client), { timeout: 30_000 }))
}

function split(text: string): { href: string; schema: string | null } {
  const url = new URL(text)
  const schema = url.searchParams.get('schema')
  url.searchParams.delete('schema')
  return { href: url.href, schema }
}

/** The URL of a new role that can only read the store at `url`, as the guide makes one; it goes with the test. */
export async function readerUrl(url: string): Promise<string> {
  const role = newName()
  const { password } = new URL(url)
  const { schema } = split(url)
  const change = (...texts: string[]) =>
    withClient(async client => {
      for (const text of texts) await client.query(text)
    }, url)
  await change(
    `create role ${role} login password '${password || 'unused'}'`,
    `grant usage on schema ${schema ?? 'public'} to ${role}`,
    `grant select on all tables in schema ${schema ?? 'public'} to ${role}`,
    `revoke select on hivewax_tokens from ${role}`,
  )
  onTestFinished(() => change(`drop owned by ${role}`, `drop role ${role}`))
  const own = new URL(url)
  own.username = role
  return own.href
}
