import { type Check, type ProgressOptions, portion } from '../db/engine.ts'
import { sql } from '../db/sql.ts'
import { Corrupt, Storage } from '../errors.ts'
import { toDate } from '../util/time.ts'
import { findOrphans } from './orphans.ts'
import { lastDone, type Upkeep } from './upkeep-context.ts'

export interface Diagnosis {
  /** True when every check is. */
  ok: boolean
  checks: Check[]
}

/** How far ahead of the clock a record may be before the clock counts as wrong, in milliseconds. */
const toleranceMs = 60_000

export type DoctorOptions = ProgressOptions

/**
 * Looks at everything that can be wrong with a store, and says what to do about it. Reads all of it, as a backup does, and
 * tries a write, which it takes back.
 */
export async function doctor(upkeep: Upkeep, { onProgress }: DoctorOptions = {}): Promise<Diagnosis> {
  const checks = [
    await location(upkeep),
    runtime(),
    ...(await upkeep.engine.checks({ onProgress: portion(onProgress, 0, 0.9) })),
    await unlessDamaged('orphans', () => orphans(upkeep)),
    await unlessDamaged('clock', () => clock(upkeep)),
    await unlessDamaged('backup', () => lastBackup(upkeep)),
  ]
  return { ok: checks.every(({ ok }) => ok), checks }
}

/** What cannot be looked at, since the store is damaged or lacks a table, is a finding too. */
async function unlessDamaged(name: string, look: () => Promise<Check>): Promise<Check> {
  try {
    return await look()
  } catch (error) {
    if (!(error instanceof Corrupt || error instanceof Storage)) throw error
    return { name, ok: false, message: error.message, fix: error.hint ?? 'See the check of integrity.' }
  }
}

async function location({ engine, reason }: Upkeep): Promise<Check> {
  return { name: 'location', ok: true, message: `${(await engine.facts()).location} (${reason})` }
}

function runtime(): Check {
  const { node, sqlite } = process.versions
  return {
    name: 'runtime',
    ok: true,
    message: `Node ${node}, SQLite ${sqlite}, ${process.platform} ${process.arch}`,
  }
}

async function orphans(upkeep: Upkeep): Promise<Check> {
  const { length } = await findOrphans(upkeep)
  if (length === 0) return { name: 'orphans', ok: true, message: 'no orphaned records' }
  return {
    name: 'orphans',
    ok: false,
    message: `${length} records refer to something that is gone`,
    fix: 'List them with `hivewax find-orphans`, remove them with `hivewax cleanup-orphans`.',
  }
}

/** A record of the future: the clock was set back, or wrong when it was written. Expiry depends on it. */
async function clock({ context }: Upkeep): Promise<Check> {
  const [row] = await context.db.all<{ latest: string | null }>(
    sql`select max(latest) as latest from (
          select max(timestamp) as latest from events
          union all select max(timestamp) from performance_metrics
          union all select max(last_accessed) from sessions) as times`,
  )
  const aheadMs = row?.latest ? toDate(row.latest).getTime() - context.clock.now() : 0
  if (aheadMs <= toleranceMs) return { name: 'clock', ok: true, message: 'no record is from the future' }
  return {
    name: 'clock',
    ok: false,
    message: `the newest record is ${Math.round(aheadMs / 1000)} s ahead of this machine's clock`,
    fix: 'Set the clock right; times to live follow it.',
  }
}

/** Having none is advice, not a fault. */
async function lastBackup({ context }: Upkeep): Promise<Check> {
  const at = await lastDone(context, 'backup')
  if (at !== undefined)
    return { name: 'backup', ok: true, message: `the last backup was made at ${at.toISOString()}` }
  return { name: 'backup', ok: true, message: 'no backup was made yet', fix: 'hivewax backup FILE' }
}
