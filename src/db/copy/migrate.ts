import { InvalidInput, NotFound } from '../../errors.ts'
import { type AbortableOptions, portion } from '../engine.ts'
import { assertCopied, batches, countAll, counter, keyOf } from './copy.ts'
import { Progress } from './progress.ts'
import { type Column, type Numbers, type Rows, type Side, sharedColumns } from './side.ts'
import { type End, withSource, withTarget } from './stores.ts'
import { type CopiedTable, copiedTables, ownTables, withDependents } from './tables.ts'
import { Tally } from './tally.ts'

export interface MigrateOptions extends AbortableOptions {
  /** A file, or the URL of a PostgreSQL database. */
  from: string
  to: string
  /** Replace what the target holds. Whoever still holds versions, tokens or cursors of that must be stopped first. */
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

/** What a run has to do with. */
interface Run {
  source: Side
  target: Side
  progress: Progress
  columns: Map<string, Column[]>
}

/**
 * Copies a store into another, of any engine. The target then holds the source as it was when this run began: what
 * is written to the source meanwhile is not copied. A run that was ended half-way is gone on with by the same call;
 * what changed in the source since then is copied anew.
 * @throws Conflict when the target holds records or half a copy of another store; NotFound when there is nothing to
 *   copy; InvalidInput for a record that the target cannot hold; Corrupt when the copy differs
 */
export async function migrate(options: MigrateOptions): Promise<MigrateResult> {
  const started = performance.now()
  return withSource(options.from, from =>
    withTarget(options.to, async to => {
      const result = await copyStore(from, to, options)
      return { from: from.location, to: to.location, ...result, durationMs: performance.now() - started }
    }),
  )
}

async function copyStore(from: End, to: End, { force = false, ...options }: MigrateOptions) {
  const [source, target] = [from.side, to.side]
  if (from.location === to.location) throw new InvalidInput('a store cannot be migrated to itself')
  const total = await countAll(source)
  if (total === 0) throw new NotFound(`${from.location} holds no records: there is nothing to migrate`)
  const columns = new Map<string, Column[]>()
  for (const { name } of copiedTables) columns.set(name, await sharedColumns(source, target, name))
  const progress = await Progress.begin(target, from.location, { force, to: to.location })
  const run = { source, target, progress, columns }
  await dropChanged(run)
  const resumedRows = progress.rows
  await copyRest(run, total, { ...options, onProgress: portion(options.onProgress, 0, 0.8) })
  const tallies = progress.tallies()
  const columnsOf = async ({ name }: CopiedTable) => columns.get(name) ?? []
  await assertCopied(target, columnsOf, tallies, {
    ...options,
    onProgress: portion(options.onProgress, 0.8, 1),
  })
  await to.durable()
  await finish(run)
  const tables = [...tallies].map(([name, tally]) => ({ name, rows: tally.rows, checksum: tally.checksum }))
  return {
    rows: tables.reduce((sum, { rows }) => sum + rows, 0),
    resumedRows,
    tables: tables.filter(({ rows }) => rows > 0),
    leftOut: await foreignTables(source),
  }
}

/** Empties the tables of which the source has changed what was copied by a run before, and those that need them. */
async function dropChanged({ source, target, progress, columns }: Run): Promise<void> {
  const changed = new Set<string>()
  for (const [name, { tally, position }] of progress.begun()) {
    const table = copiedTables.find(copied => copied.name === name)
    const rows = table && { table, columns: columns.get(name) ?? [] }
    if (rows && !(await isSame(source, rows, tally, position))) changed.add(name)
  }
  const tables = withDependents(changed)
  if (tables.length === 0) return
  await target.atomically(async () => {
    await target.empty(tables)
    await progress.forget(tables.map(({ name }) => name))
  })
}

/** True when the first rows of a table are those that were copied. */
async function isSame(source: Side, rows: Rows, copied: Tally, position: string): Promise<boolean> {
  const found = new Tally()
  for await (const values of batches(source, rows)) {
    for (const row of values) {
      found.add(row)
      if (found.rows === copied.rows)
        return String(found) === String(copied) && JSON.stringify(keyOf(row, rows)) === position
    }
  }
  return false
}

async function copyRest(run: Run, total: number, options: AbortableOptions): Promise<void> {
  const { source, target, progress, columns } = run
  const tell = counter(total, options)
  tell('copy', progress.rows)
  for (const table of copiedTables) {
    const rows = { table, columns: columns.get(table.name) ?? [] }
    const { tally, after } = progress.of(table.name)
    for await (const values of batches(source, rows, after)) {
      for (const row of values) tally.add(row)
      const last = values.at(-1) ?? []
      await target.atomically(async () => {
        await target.insert(rows, values)
        await progress.save(table.name, tally, keyOf(last, rows))
      })
      tell(table.name, values.length)
    }
  }
}

async function finish({ source, target, progress }: Run): Promise<void> {
  const numbers = above(await source.numbers(), await target.numbers())
  await target.atomically(async () => {
    await target.setNumbers(numbers)
    await progress.end()
  })
}

/** The numbers of the source, but none that the target has gone beyond, so that it issues none again. */
function above(source: Numbers, target: Numbers): Numbers {
  const counters = new Map(source.counters)
  for (const name of ['floor', 'shared_revision'])
    counters.set(name, Math.max(counters.get(name) ?? 0, target.counters.get(name) ?? 0))
  return { counters, lastIds: source.lastIds }
}

async function foreignTables(source: Side): Promise<string[]> {
  const ours = new Set(copiedTables.map(({ name }) => name))
  return (await source.tables()).filter(name => !ours.has(name) && !ownTables.test(name))
}
