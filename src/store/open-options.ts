import type { PostgresOptions } from '../db/postgres/postgres-options.ts'
import type { SqliteOptions } from '../db/sqlite/open-sqlite.ts'
import { checkInteger, checkName, checkNumber, checkOneOf } from '../util/check.ts'
import type { Clock } from '../util/clock.ts'
import { maxMaxValueBytes } from '../util/json.ts'
import { type Names, optionCheck } from '../util/options.ts'

export interface OpenOptions extends SqliteOptions, PostgresOptions {
  /** Who acts through this handle. Default: HIVEWAX_AGENT, else no agent. */
  agentId?: string | undefined
  /** For the URL of a server: what proves who calls. Default: HIVEWAX_TOKEN, or the file HIVEWAX_TOKEN_FILE. */
  token?: string | undefined
  /** Statements slower than this raise `slow_query`, in milliseconds. Default 100. */
  slowQueryMs?: number | undefined
  /** The largest JSON text of one value, in bytes. Default 1 MiB, up to 64 MiB. */
  maxValueBytes?: number | undefined
  /** How much recently read values may take in this process, in bytes. Default 16 MiB; 0 turns it off. */
  cacheBytes?: number | undefined
  /** Clean up and index in the background, when no other process does. Default true; off for one-shot programs. */
  background?: boolean | undefined
  /** Count what `retrieve` reads, for `getHotKeys`. Default true. */
  countReads?: boolean | undefined
  /**
   * Write nothing: no record, no file, no upgrade of an older store, and no upkeep. So is a memory by itself whose file
   * this account may not write, or whose server is a standby. Writes then fail with Unsupported. Default:
   * HIVEWAX_READ_ONLY (`1`), else false.
   */
  readOnly?: boolean | undefined
  /** Where the time comes from; for tests. */
  clock?: Clock | undefined
}

const checkNames = optionCheck('openMemory', {
  agentId: true,
  token: true,
  slowQueryMs: true,
  maxValueBytes: true,
  cacheBytes: true,
  background: true,
  countReads: true,
  readOnly: true,
  clock: true,
  durability: true,
  busyTimeoutMs: true,
  allowNetworkFs: true,
  maxConnections: true,
  schema: true,
  reader: true,
} satisfies Names<keyof OpenOptions>)

/** @throws InvalidInput for an option, or an agent of the environment, that cannot be */
export function checkOptions(options: OpenOptions): void {
  checkNames(options)
  if (options.durability !== undefined) checkOneOf('durability', options.durability, ['full', 'normal'])
  if (options.agentId !== undefined) checkName('agentId', options.agentId)
  if (process.env.HIVEWAX_AGENT) checkName('HIVEWAX_AGENT', process.env.HIVEWAX_AGENT)
  if (options.maxValueBytes !== undefined)
    checkInteger('maxValueBytes', options.maxValueBytes, 1, maxMaxValueBytes)
  if (options.cacheBytes !== undefined) checkInteger('cacheBytes', options.cacheBytes, 0)
  if (options.slowQueryMs !== undefined) checkNumber('slowQueryMs', options.slowQueryMs, 0)
  if (options.busyTimeoutMs !== undefined) checkInteger('busyTimeoutMs', options.busyTimeoutMs, 0)
}

/** Whether the memory is opened to be read only. */
export function isReadOnly({ readOnly }: OpenOptions): boolean {
  return readOnly ?? /^(1|true|yes)$/i.test(process.env.HIVEWAX_READ_ONLY ?? '')
}

/** As whom the SQL of others runs, on PostgreSQL; undefined when nobody has said it. */
export function readerRole({ reader }: OpenOptions): string | undefined {
  return reader ?? (process.env.HIVEWAX_READER || undefined)
}

/** Who acts through the handle that is opened; undefined for no agent. */
export function actingAgent({ agentId }: OpenOptions): string | undefined {
  return agentId ?? (process.env.HIVEWAX_AGENT || undefined)
}
