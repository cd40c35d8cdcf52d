import type { Context } from '../context.ts'
import type { Engine } from '../db/engine.ts'
import { raw, type Sql, sql } from '../db/sql.ts'
import { checkInteger, checkOneOf } from '../util/check.ts'
import { type Duration, durationMs } from '../util/duration.ts'
import { pageLimit } from '../util/page.ts'
import { toOptionalDate } from '../util/time.ts'
import { minuteText } from './access-log.ts'
import { scanAll, type Upkeep } from './upkeep-context.ts'

const groupings = ['namespace', 'day', 'agent'] as const

export interface UsageOptions {
  /** How far back `writes` and `reads` look, such as `'24h'`. Default `'7d'`; reads are kept for 30 days. */
  timeframe?: Duration | undefined
  /**
   * `namespace` (default) or `day` (of the last write, UTC) of key-value memory, or `agent`: whose agent
   * memory.
   */
  groupBy?: (typeof groupings)[number] | undefined
}

/** Live records of one group. */
interface UsageGroup {
  group: string
  records: number
  /** Of keys, values and metadata, as UTF-8. */
  bytes: number
  /** How many of the records were last written within the timeframe. */
  writes: number
  /** `retrieve`s within the timeframe; of agent memory they are not counted. */
  reads: number | undefined
  /** When the first of the records was created. Undefined for a group of which only reads are left. */
  oldest: Date | undefined
  /** When the last of them was written. */
  newest: Date | undefined
}

export interface Usage {
  groupBy: (typeof groupings)[number]
  since: Date
  /** Most bytes first. */
  groups: UsageGroup[]
  total: { records: number; bytes: number; writes: number; reads: number }
}

export interface HotKeyOptions {
  /** Only keys read more often than this. Default 0. */
  threshold?: number | undefined
  /** How far back to look, such as `'15m'`. Default `'1h'`; reads are kept for 30 days. */
  timeframe?: Duration | undefined
  /** How many at most: 1 to 10,000, default 100. */
  limit?: number | undefined
}

export interface HotKey {
  namespace: string
  key: string
  reads: number
}

interface UsageRow {
  bucket: string
  records: number
  bytes: number
  writes: number
  oldest: string | null
  newest: string | null
}

/**
 * The keys that were retrieved most, most reads first, to the minute; this handle's latest reads included.
 */
export async function hotKeys(
  { context, engine, access }: Upkeep,
  options: HotKeyOptions = {},
): Promise<HotKey[]> {
  const threshold = options.threshold === undefined ? 0 : checkInteger('threshold', options.threshold, 0)
  const limit = pageLimit(options.limit)
  const since = sinceMs(context, options.timeframe ?? '1h')
  await access.flush()
  return scanAll<HotKey>(
    engine,
    sql`select namespace, key, sum(reads) as reads from hivewax_access where minute >= ${minuteText(since)}
        group by namespace, key having sum(reads) > ${threshold}
        order by sum(reads) desc, namespace, key limit ${limit}`,
  )
}

/** What the memory is used for: live records, their size, writes and reads, by group. */
export async function analyzeUsage(upkeep: Upkeep, options: UsageOptions = {}): Promise<Usage> {
  const { context, engine, access } = upkeep
  const groupBy = checkOneOf('groupBy', options.groupBy ?? 'namespace', groupings)
  const since = new Date(sinceMs(context, options.timeframe ?? '7d'))
  await access.flush()
  const rows = await scanAll<UsageRow>(
    engine,
    groupBy === 'agent' ? ofAgents(since) : ofMemory(context, groupBy, since),
  )
  const reads = groupBy === 'agent' ? undefined : await readsBy(engine, groupBy, since)
  const groups = merge(rows, reads).sort((a, b) => b.bytes - a.bytes || (a.group < b.group ? -1 : 1))
  return { groupBy, since, groups, total: sum(groups) }
}

function ofMemory({ db }: Context, groupBy: 'namespace' | 'day', since: Date): Sql {
  const bucket = groupBy === 'day' ? raw('substr(cast(updated_at as text), 1, 10)') : raw('namespace')
  return sql`
    select ${bucket} as bucket, count(*) as records,
           sum(octet_length(key) + octet_length(value) + coalesce(octet_length(metadata), 0)) as bytes,
           sum(case when updated_at >= ${since} then 1 else 0 end) as writes,
           min(created_at) as oldest, max(updated_at) as newest
    from memory_store where expires_at is null or expires_at > ${db.dialect.now()} group by 1`
}

function ofAgents(since: Date): Sql {
  return sql`
    select agent_id as bucket, count(*) as records, sum(octet_length(key) + octet_length(value)) as bytes,
           sum(case when updated_at >= ${since} then 1 else 0 end) as writes,
           min(created_at) as oldest, max(updated_at) as newest
    from agent_memory group by 1`
}

async function readsBy(
  engine: Engine,
  groupBy: 'namespace' | 'day',
  since: Date,
): Promise<Map<string, number>> {
  const bucket = raw(groupBy === 'day' ? 'substr(minute, 1, 10)' : 'namespace')
  const rows = await scanAll<{ bucket: string; reads: number }>(
    engine,
    sql`select ${bucket} as bucket, sum(reads) as reads from hivewax_access
        where minute >= ${minuteText(since.getTime())} group by 1`,
  )
  return new Map(rows.map(row => [row.bucket, row.reads]))
}

function merge(rows: UsageRow[], reads: Map<string, number> | undefined): UsageGroup[] {
  const groups = rows.map(row => fromRow(row, reads && (reads.get(row.bucket) ?? 0)))
  const known = new Set(rows.map(row => row.bucket))
  const gone = [...(reads ?? [])].filter(([bucket]) => !known.has(bucket))
  const nothing = { records: 0, bytes: 0, writes: 0, oldest: null, newest: null }
  return [...groups, ...gone.map(([bucket, count]) => fromRow({ bucket, ...nothing }, count))]
}

function fromRow(
  { bucket, records, bytes, writes, oldest, newest }: UsageRow,
  reads: number | undefined,
): UsageGroup {
  const times = { oldest: toOptionalDate(oldest), newest: toOptionalDate(newest) }
  return { group: bucket, records, bytes, writes, reads, ...times }
}

function sum(groups: UsageGroup[]): Usage['total'] {
  const of = (field: 'records' | 'bytes' | 'writes' | 'reads') =>
    groups.reduce((total, group) => total + (group[field] ?? 0), 0)
  return { records: of('records'), bytes: of('bytes'), writes: of('writes'), reads: of('reads') }
}

function sinceMs({ clock }: Context, timeframe: Duration): number {
  return Math.max(0, clock.now() - durationMs('timeframe', timeframe))
}
