import type { Extent } from '../db/engine.ts'
import type { StatementStats } from '../db/meter.ts'
import type { Upkeep } from './upkeep-context.ts'

/** A table and its indexes. */
interface TableReport {
  name: string
  bytes: number
  /** Of these, bytes on its pages that hold nothing. */
  unusedBytes: number
  /** `used`: a statement that this handle has run is served by it. */
  indexes: { name: string; bytes: number; used: boolean }[]
}

export interface PerformanceReport {
  sizeBytes: number
  /** As `getStats` has them: absent where the engine has no such thing. */
  walBytes?: number
  freeBytes?: number
  /** The share of the file that holds nothing, from 0 to 1: free pages, and gaps on the others. */
  fragmentation: number
  /** Largest first, each with its indexes. */
  tables: TableReport[]
  /** What this handle has run since it was opened, as its callers saw it: waiting for the commit included. */
  statements: {
    count: number
    /** Up to a factor of √2. */
    p50Ms: number
    p95Ms: number
    p99Ms: number
    /** The ten that took most time in all. */
    slowest: StatementStats[]
  }
  /** How often `retrieve` was answered from this process's memory, and how often it was not. */
  cache: { hits: number; misses: number }
  /** Statements that read a table of more than 1 MB from end to end. */
  scans: { query: string; table: string }[]
  /** What would help, a sentence each; empty when nothing would. */
  suggestions: string[]
}

/** Smaller tables are read whole as fast as by an index. */
const largeBytes = 1024 * 1024

/** Room below which nothing is worth tidying. */
const muchBytes = 16 * 1024 * 1024

const mb = (bytes: number) => `${Math.round(bytes / 1024 / 1024)} MB`

/** Where the store's space and this handle's time go, and what would help. Reads the whole store. */
export async function analyzePerformance({ engine, meter }: Upkeep): Promise<PerformanceReport> {
  const { sizeBytes, walBytes, freeBytes } = await engine.facts()
  const extents = await engine.extents()
  const statements = meter.statements()
  const plans = await planAll(engine, statements)
  const large = new Set(
    extents.filter(({ kind, bytes }) => kind === 'table' && bytes > largeBytes).map(({ name }) => name),
  )
  const used = new Set(plans.flatMap(({ indexes }) => indexes))
  const scans = plans.flatMap(({ query, scans }) =>
    scans.filter(table => large.has(table)).map(table => ({ query, table })),
  )
  const unused = extents.reduce((sum, { unusedBytes }) => sum + unusedBytes, freeBytes ?? 0)
  const report = {
    sizeBytes,
    ...(walBytes !== undefined && { walBytes }),
    ...(freeBytes !== undefined && { freeBytes }),
    fragmentation: Math.min(1, unused / Math.max(1, sizeBytes)),
    tables: byTable(extents, used),
    statements: {
      count: statements.reduce((sum, { count }) => sum + count, 0),
      p50Ms: meter.percentileMs(0.5),
      p95Ms: meter.percentileMs(0.95),
      p99Ms: meter.percentileMs(0.99),
      slowest: statements.slice(0, 10),
    },
    cache: { ...meter.lookups },
    scans,
  }
  return { ...report, suggestions: suggest(report) }
}

interface Planned {
  query: string
  indexes: string[]
  scans: string[]
}

async function planAll(engine: Upkeep['engine'], statements: readonly StatementStats[]): Promise<Planned[]> {
  const plans: Planned[] = []
  for (const { query } of statements) {
    const plan = await engine.plan(query)
    if (plan !== undefined) plans.push({ query, ...plan })
  }
  return plans
}

function byTable(extents: readonly Extent[], used: ReadonlySet<string>): TableReport[] {
  return extents
    .filter(({ kind }) => kind === 'table')
    .map(({ name, bytes, unusedBytes }) => ({
      name,
      bytes,
      unusedBytes,
      indexes: extents
        .filter(index => index.kind === 'index' && index.table === name)
        .map(index => ({ name: index.name, bytes: index.bytes, used: used.has(index.name) })),
    }))
}

function suggest(report: Omit<PerformanceReport, 'suggestions'>): string[] {
  const { sizeBytes, walBytes = 0, freeBytes = 0, fragmentation, scans } = report
  const suggestions: string[] = []
  if (freeBytes > muchBytes && freeBytes > sizeBytes / 5) {
    suggestions.push(
      `${mb(freeBytes)} of ${mb(sizeBytes)} are free pages: \`hivewax vacuum\` gives them back.`,
    )
  }
  const gaps = fragmentation * sizeBytes - freeBytes
  if (gaps > muchBytes && gaps > sizeBytes / 3) {
    suggestions.push(
      `${mb(gaps)} are gaps between records: \`hivewax vacuum --full\` closes them, while writers wait.`,
    )
  }
  if (walBytes > 4 * muchBytes) {
    suggestions.push(
      `${mb(walBytes)} of writes wait to be merged: a program may hold a long transaction open.`,
    )
  }
  for (const { query, table } of scans.slice(0, 5)) {
    suggestions.push(
      `This statement reads all of ${table}; narrow it by an indexed column: ${query.slice(0, 200)}`,
    )
  }
  return suggestions
}
