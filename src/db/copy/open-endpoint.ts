import fs from 'node:fs'
import path from 'node:path'
import { InvalidInput, NotFound, Unsupported } from '../../errors.ts'
import { Connection } from '../sqlite/connection.ts'
import { openSqlite } from '../sqlite/open-sqlite.ts'
import type { Endpoint } from './endpoint.ts'
import { SqliteEndpoint } from './sqlite-endpoint.ts'

/** How long a batch waits for other writers of a file, in milliseconds. */
const waitMs = 5_000

/** A store as one end of a copy. */
export interface OpenEndpoint {
  readonly endpoint: Endpoint
  /** The file, or the URL without its password. */
  readonly location: string
  /** From here on a commit is to survive a power cut. Until then it may not, but later ones do not without it. */
  durable(): Promise<void>
}

/** Opens a store for reading, all of it as of one moment, for as long as `fn` runs. */
export async function withSource<T>(url: string, fn: (end: OpenEndpoint) => Promise<T>): Promise<T> {
  if (isServer(url)) return (await import('./open-postgres-endpoint.ts')).withPostgresSource(url, fn)
  const file = filePath(url)
  if (!fs.existsSync(file)) throw new NotFound(`there is no store ${file}`)
  return withFile(file, { readOnly: true, waitMs }, async end => {
    // The snapshot is that of the first read.
    await end.endpoint.run('begin')
    await end.endpoint.run('select count(*) as tables from sqlite_schema')
    return fn(end)
  })
}

/** Opens a store for writing, creating it when it does not exist, for as long as `fn` runs. */
export async function withTarget<T>(url: string, fn: (end: OpenEndpoint) => Promise<T>): Promise<T> {
  if (isServer(url)) return (await import('./open-postgres-endpoint.ts')).withPostgresTarget(url, fn)
  return withFile(filePath(url), { readOnly: false, waitMs }, fn)
}

async function withFile<T>(
  file: string,
  options: { readOnly: boolean; waitMs: number },
  fn: (end: OpenEndpoint) => Promise<T>,
): Promise<T> {
  // Migrates the schema, and refuses what is not a store.
  const share = await openSqlite(file, { durability: 'full' })
  try {
    const connection = new Connection(share.store.file, options)
    try {
      connection.exec('pragma synchronous=normal')
      const durable = async () => connection.exec('pragma synchronous=full')
      const look = () => share.store.look()
      const endpoint = new SqliteEndpoint(connection, look)
      const result = await fn({ endpoint, location: share.store.file, durable })
      look()
      return result
    } finally {
      connection.close()
    }
  } finally {
    await share.release()
  }
}

function isServer(url: string): boolean {
  if (/^postgres(ql)?:\/\//i.test(url)) return true
  if (!/^[a-z]+:\/\//i.test(url)) return false
  throw new Unsupported(`cannot open ${url.replace(/:\/\/.*@/, '://…@')}: only files and postgres:// can be`)
}

function filePath(url: string): string {
  if (url !== ':memory:' && url !== '') return path.resolve(url)
  throw new InvalidInput('a private store in memory cannot be migrated', { hint: 'Name a file.' })
}
