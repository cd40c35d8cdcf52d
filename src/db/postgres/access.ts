import type { ClientConfig } from 'pg'
import { InvalidInput } from '../../errors.ts'
import { connectTimeoutMs } from './connections.ts'
import type { PostgresOptions } from './postgres-options.ts'
import { checkReader, ownerRole } from './reader-role.ts'
import { lockTimeout, maxIdleMs } from './timeouts.ts'
import { parserOf } from './value-parsers.ts'

/**
 * What every connection asks of the server. A client that has vanished, with its host or behind a cut cable, it takes
 * for gone within 10 seconds instead of hours: until then it keeps the rows locked that a transaction of it has written.
 */
const settings = [
  'client_min_messages=warning',
  `idle_in_transaction_session_timeout=${maxIdleMs}`,
  'tcp_keepalives_idle=5',
  'tcp_keepalives_interval=1',
  'tcp_keepalives_count=5',
  'tcp_user_timeout=10000',
]

const readOnlySetting = 'default_transaction_read_only=on'

/** What a connection for one reading statement asks for besides: a plan for all of its rows, and not for the first ones. */
const foreignSettings = [readOnlySetting, 'cursor_tuple_fraction=1']

/** As whom a statement of a caller's own runs. */
export interface ForeignAccess {
  readonly config: ClientConfig
  /** The role must turn out to be one that can only read. */
  readonly isGuest: boolean
}

/** How a store is reached. */
export interface Access {
  readonly schema: string
  /** The URL without its password. */
  readonly shownUrl: string
  /** For our statements. */
  readonly own: ClientConfig
  /** For those of the process's owner that only read. */
  readonly owner: ForeignAccess
  /** For those of others; undefined where nobody has said as whom they run. */
  readonly reader: ForeignAccess | undefined
}

interface AccessOptions extends PostgresOptions {
  readonly url: string
  readonly busyTimeoutMs: number
  readonly isReadOnly: boolean
}

/** @throws InvalidInput for URLs that are none */
export function accessOf({ types }: typeof import('pg'), options: AccessOptions): Access {
  const { url, reader, busyTimeoutMs, isReadOnly } = options
  const { connection, schema } = readUrl(url, options.schema)
  const asked = [`search_path=${quoteSetting(schema)}`, lockTimeout(busyTimeoutMs), ...settings]
  const config = (to: string, more: readonly string[]): ClientConfig => ({
    connectionString: to,
    connectionTimeoutMillis: connectTimeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    options: [...asked, ...more].map(each => `-c ${each}`).join(' '),
    types: { getTypeParser: (oid: number, format?: 'text' | 'binary') => parserOf(types, oid, format) },
  })
  // The server then refuses what the client lets pass; statements that do not depend on each other's answers go at once.
  const own = { ...config(connection, isReadOnly ? [readOnlySetting] : []), pipeline: true }
  const owner = { config: config(connection, foreignSettings), isGuest: false }
  const as = (role: string): ForeignAccess =>
    role === ownerRole ? owner : { config: config(readerUrl(role), foreignSettings), isGuest: true }
  return {
    schema,
    shownUrl: withoutPassword(url),
    own,
    owner,
    reader: reader === undefined ? reader : as(reader),
  }
}

function readerUrl(text: string): string {
  checkReader(text)
  return readUrl(text).connection
}

function readUrl(text: string, named?: string): { connection: string; schema: string } {
  let url: URL
  try {
    url = new URL(text)
  } catch (cause) {
    throw new InvalidInput(`${text.replace(/:\/\/.*@/, '://…@')} is no URL of a PostgreSQL database`, {
      hint: 'For example postgres://user@host:5432/database.',
      cause,
    })
  }
  const schema = named ?? url.searchParams.get('schema') ?? 'public'
  url.searchParams.delete('schema')
  return { connection: url.href, schema }
}

function withoutPassword(text: string): string {
  return text.replace(/^(\w+:\/\/[^:@/]*):[^@/]*@/, '$1@').replace(/([?&]password=)[^&]*/, '$1…')
}

function quoteSetting(schema: string): string {
  return `"${schema.replaceAll('"', '""')}"`.replace(/[\\ ]/g, '\\$&')
}
