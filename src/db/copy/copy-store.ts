import { InvalidInput, NotFound } from '../../errors.ts'
import { type AbortableOptions, portion } from '../engine.ts'
import { type CopiedTable, copiedTables, ownTables, withDependents } from './copied-tables.ts'
import { CopyProgress, type TableProgress } from './copy-progress.ts'
import { assertCopied, batches, countAll, keyOf, progressReporter } from './copy-rows.ts'
import { type Column, type Endpoint, type IssuedNumbers, type Rows, sharedColumns } from './endpoint.ts'
import { isIncomplete, progressTable } from './incomplete-copy.ts'
import { type OpenEndpoint, withSource, withTarget } from './open-endpoint.ts'
import { RowChecksum } from './row-checksum.ts'

export interface MigrateOptions extends AbortableOptions {
  /** A file, or the URL of a PostgreSQL database. */
  from: string
  to: string
  /** Replace what the target holds. Programs that still hold versions, tokens or cursors of that must be stopped first. */
  force?: boolean | undefined
}

export interface MigrateResult {
  from: string
  to: string
  rows: number
  /** Rows that were there from a run before. */
  resumedRows: number
  /** With the checksum of their rows, in whatever order: equal in both stores. Empty ones are left out. */
  tables: { name: string; rows: number; checksum: string }[]
  /** Tables of the owner's own, which were not copied. */
  leftOut: string[]
  durationMs: number
}

/** What one run of a copy works with. */
interface CopyRun {
  source: Endpoint
  target: Endpoint
  progress: CopyProgress
  columns: Map<string, Column[]>
}

/**
 * Copies a store into another, of any engine. The target then holds the source as it was when this run began: what
 * is written to the source meanwhile is not copied. A run that was ended half-way is gone on with by the same call;
 * what changed in the source since then is copied anew.
 * @throws Conflict when the target holds records or half a copy of another store; NotFound when there is nothing to
 *   copy; InvalidInput for a record that the target cannot hold; Corrupt when the copy differs
 */
export async function copyStore(options: MigrateOptions): Promise<MigrateResult> {
  const started = performance.now()
  return withSource(options.from, from =>
    withTarget(options.to, async to => {
      const result = await copyBetween(from, to, options)
      return { from: from.location, to: to.location, ...result, durationMs: performance.now() - started }
    }),
  )
}

async function copyBetween(
  from: OpenEndpoint,
  to: OpenEndpoint,
  { force = false, ...options }: MigrateOptions,
) {
  const [source, target] = [from.endpoint, to.endpoint]
  if (from.location === to.location) throw new InvalidInput('a store cannot be migrated to itself')
  if ((await source.tables()).includes(progressTable)) throw isIncomplete(from.location)
  const total = await countAll(source)
  if (total === 0) throw new NotFound(`${from.location} holds no records: there is nothing to migrate`)
  const columns = new Map<string, Column[]>()
  for (const { name } of copiedTables) columns.set(name, await sharedColumns(source, target, name))
  const progress = await CopyProgress.begin(target, from.location, { force, to: to.location })
  const run = { source, target, progress, columns }
  await dropChanged(run)
  const resumedRows = progress.rows
  await copyRest(run, total, { ...options, onProgress: portion(options.onProgress, 0, 0.8) })
  const checksums = progress.checksums()
  const columnsOf = async ({ name }: CopiedTable) => columns.get(name) ?? []
  const checking = { ...options, onProgress: portion(options.onProgress, 0.8, 1) }
  await assertCopied(target, { columnsOf, checksums }, checking)
  await to.durable()
  await finish(run)
  const tables = [...checksums].map(([name, checksum]) => ({
    name,
    rows: checksum.rows,
    checksum: checksum.checksum,
  }))
  return {
    rows: tables.reduce((sum, { rows }) => sum + rows, 0),
    resumedRows,
    tables: tables.filter(({ rows }) => rows > 0),
    leftOut: await foreignTables(source),
  }
}

/** Empties the tables of which the source has changed what was copied by a run before, and those that need them. */
async function dropChanged({ source, target, progress, columns }: CopyRun): Promise<void> {
  const changed = new Set<string>()
  for (const [name, copied] of progress.begun()) {
    const table = copiedTables.find(copied => copied.name === name)
    const rows = table && { table, columns: columns.get(name) ?? [] }
    if (rows && !(await isSame(source, rows, copied))) changed.add(name)
  }
  const tables = withDependents(changed)
  if (tables.length === 0) return
  await target.atomically(async () => {
    await target.empty(tables)
    await progress.forget(tables.map(({ name }) => name))
  })
}

/** True when the first rows of a table are those that were copied. */
async function isSame(source: Endpoint, rows: Rows, copied: TableProgress): Promise<boolean> {
  const found = new RowChecksum()
  for await (const values of batches(source, rows)) {
    for (const row of values) {
      found.add(row)
      if (found.rows === copied.checksum.rows)
        return (
          String(found) === String(copied.checksum) && JSON.stringify(keyOf(row, rows)) === copied.position
        )
    }
  }
  return false
}

async function copyRest(run: CopyRun, total: number, options: AbortableOptions): Promise<void> {
  const { source, target, progress, columns } = run
  const report = progressReporter(total, options)
  report('copy', progress.rows)
  for (const table of copiedTables) {
    const rows = { table, columns: columns.get(table.name) ?? [] }
    const { checksum, after } = progress.of(table.name)
    for await (const values of batches(source, rows, after)) {
      for (const row of values) checksum.add(row)
      const last = values.at(-1) ?? []
      await target.atomically(async () => {
        await target.insert(rows, values)
        await progress.save(table.name, checksum, keyOf(last, rows))
      })
      report(table.name, values.length)
    }
  }
}

async function finish({ source, target, progress }: CopyRun): Promise<void> {
  const numbers = raisedAbove(await source.numbers(), await target.numbers())
  await target.atomically(async () => {
    await target.setNumbers(numbers)
    await progress.end()
  })
}

/** The numbers of the source, but none that the target has gone beyond, so that it issues none again. */
function raisedAbove(source: IssuedNumbers, target: IssuedNumbers): IssuedNumbers {
  const counters = new Map(source.counters)
  for (const name of ['floor', 'shared_revision'])
    counters.set(name, Math.max(counters.get(name) ?? 0, target.counters.get(name) ?? 0))
  return { counters, lastIds: source.lastIds }
}

async function foreignTables(source: Endpoint): Promise<string[]> {
  const ours = new Set(copiedTables.map(({ name }) => name))
  return (await source.tables()).filter(name => !ours.has(name) && !ownTables.test(name))
}
