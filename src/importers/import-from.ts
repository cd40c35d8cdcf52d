import fs from 'node:fs'
import path from 'node:path'
import { type AbortableOptions, portion } from '../db/engine.ts'
import { HivewaxError, NotFound } from '../errors.ts'
import { isServer } from '../location/location.ts'
import type { IncomingMemory, IncomingRecord } from '../maintenance/transfer/incoming-record.ts'
import type { MergeOptions, RecordMerger } from '../maintenance/transfer/merge-records.ts'
import type { Memory } from '../memory.ts'
import { checkName } from '../util/check.ts'
import { maxMaxValueBytes } from '../util/json.ts'
import { type Names, optionCheck } from '../util/options.ts'
import { openStoreSource } from './hivewax-store.ts'
import { openMarkdownFile, openMarkdownFolder } from './markdown-source.ts'
import { isOwnStore, openSqliteSource } from './old-database.ts'
import { discover } from './old-places.ts'
import { type ImportReport, Tally } from './report.ts'
import type { Leaving, Origin, ReadOptions, RecordItem, Source } from './source.ts'
import { openTextSource } from './text-source.ts'

export type { ImportReport, SectionReport } from './report.ts'

export interface ImportFromOptions extends AbortableOptions, MergeOptions {
  /** Where records go that name no namespace. Default `default`. */
  namespace?: string | undefined
  /** Bring vectors too, as they are, into the namespace `claude-flow:embedding`. Default false: they are counted. */
  vectors?: boolean | undefined
  /** Bring what has expired too, and let it live on without an expiry. Default false. */
  expired?: boolean | undefined
}

const checkOptions = optionCheck('importFrom', {
  namespace: true,
  vectors: true,
  expired: true,
  onConflict: true,
  dryRun: true,
  signal: true,
  onProgress: true,
} satisfies Names<keyof ImportFromOptions>)

/** Records that one transaction takes in: other writers wait for no more than that. */
const batchRecords = 200

/**
 * Brings what other programs and other memories remembered into a memory: the stores of claude-flow and ruflo in all their shapes, the
 * file of the official server-memory, JSON and NDJSON, Markdown, and our own exports. The content of a file decides what it is.
 * The files are only read. Bringing them again changes nothing, and completes what a crash cut short.
 * @param memory or what opens it, which is called when all files were found to be good
 * @param from files, folders of projects in which the old product's files are looked for, or URLs of other memories
 * @throws NotFound when there is nothing, InvalidInput for a file that no importer knows, Corrupt for a damaged one,
 *   Busy for one that another process has locked; nothing has been stored then. Of a folder, such files are `skipped`.
 */
export async function importFrom(
  memory: Memory | (() => Promise<Memory>),
  from: string | readonly string[],
  options: ImportFromOptions = {},
): Promise<ImportReport> {
  checkOptions(options)
  const read = readOptions(options)
  const tally = new Tally(options.dryRun ?? false)
  const sources = await openAll([from].flat(), read, tally)
  const { signal } = options
  try {
    const { gone, totals } = await survey(sources, signal)
    const { maintenance } = typeof memory === 'function' ? await memory() : memory
    const { onConflict, dryRun } = options
    const merger = maintenance.intake({ onConflict, dryRun })
    const all = totals.reduce((sum, total) => sum + total, 0)
    let before = 0
    for (const [i, source] of sources.entries()) {
      const total = totals[i] ?? 0
      const onProgress = portion(options.onProgress, before / all, (before + total) / all)
      if (total === 0) tally.meet(source, '–')
      else await importSource({ source, total, merger, tally, signal, onProgress, gone })
      before += total
    }
  } finally {
    for (const source of sources) await source.close()
  }
  return tally.report
}

/** That a key was deleted or expired in one of the files, and when: an older copy in another does not bring it back. */
interface Gone {
  left: Leaving
  at: Date
}

interface Survey {
  /** How many items each source has. */
  totals: number[]
  gone: Map<string, Gone>
}

/** Reads everything once, so that damage is found before the first record is stored. */
async function survey(sources: readonly Source[], signal: AbortSignal | undefined): Promise<Survey> {
  const gone = new Map<string, Gone>()
  const totals: number[] = []
  for (const source of sources) {
    let total = 0
    for await (const item of source.items()) {
      total++
      if ('gone' in item && item.gone !== undefined) gone.set(nameOf(item.gone), toGone(item.left, item.gone))
      if (total % batchRecords === 0) await breathe(signal)
    }
    totals.push(total)
  }
  return { totals, gone }
}

/**
 * What had a lifetime is gone from the moment it ended: version 3 mirrors records into a second file, and loses their
 * expiry on the way.
 */
function toGone(left: Leaving, { updatedAt, expiresAt }: IncomingMemory): Gone {
  return { left, at: left === 'expired' ? (expiresAt ?? updatedAt) : updatedAt }
}

/** Lets others of this process run, and ends what was aborted. */
async function breathe(signal: AbortSignal | undefined): Promise<void> {
  await new Promise(resolve => setImmediate(resolve))
  signal?.throwIfAborted()
}

function readOptions({
  namespace = 'default',
  vectors = false,
  expired = false,
}: ImportFromOptions): ReadOptions {
  checkName('namespace', namespace, 128)
  return { namespace, vectors, expired, now: new Date(), maxValueBytes: maxMaxValueBytes }
}

async function openAll(paths: readonly string[], read: ReadOptions, tally: Tally): Promise<Source[]> {
  const sources: Source[] = []
  try {
    for (const given of paths) sources.push(...(await openGiven(checkName('path', given, 4096), read, tally)))
    return await unique(sources)
  } catch (error) {
    for (const source of sources) await source.close()
    throw error
  }
}

/** What a path, or the URL of a server, stands for. */
async function openGiven(given: string, read: ReadOptions, tally: Tally): Promise<Source[]> {
  if (isServer(given)) return [await openStoreSource(given)]
  const file = path.resolve(given)
  const stat = fs.statSync(file, { throwIfNoEntry: false })
  if (stat === undefined) throw new NotFound(`there is no file ${file}`)
  if (!stat.isDirectory())
    return [isOwnStore(file) ? await openStoreSource(file) : await openSource(file, read)]
  const markdown = openMarkdownFolder(file, read)
  return markdown === undefined ? openFound(file, read, tally) : [markdown]
}

/** Of a folder, a file that cannot be imported is reported, and does not keep the others out. */
async function openFound(folder: string, read: ReadOptions, tally: Tally): Promise<Source[]> {
  const sources: Source[] = []
  for (const file of discover(folder)) {
    try {
      sources.push(await openSource(file, read))
    } catch (error) {
      if (!(error instanceof HivewaxError)) throw error
      tally.report.skipped.push({ file, code: error.code, reason: error.message })
    }
  }
  if (sources.length > 0 || tally.report.skipped.some(({ code }) => code !== 'invalid_input')) return sources
  throw new NotFound(`there is nothing to import in ${folder}`, {
    hint: 'Name the files: hivewax import path/to/memory.db',
  })
}

async function unique(sources: Source[]): Promise<Source[]> {
  const files = new Map<string, Source>()
  for (const source of sources) {
    if (files.has(source.file)) await source.close()
    else files.set(source.file, source)
  }
  return [...files.values()]
}

/** Opens a file by what it holds. */
async function openSource(file: string, read: ReadOptions): Promise<Source> {
  const origin: Origin = { ...read, changedAt: fs.statSync(file).mtime }
  return (
    openMarkdownFile(file, origin) ?? openSqliteSource(file, origin) ?? (await openTextSource(file, origin))
  )
}

interface Work {
  source: Source
  total: number
  merger: RecordMerger
  tally: Tally
  signal: AbortSignal | undefined
  onProgress: ImportFromOptions['onProgress']
  gone: ReadonlyMap<string, Gone>
}

async function importSource({ source, total, merger, tally, signal, onProgress, gone }: Work): Promise<void> {
  let batch: RecordItem[] = []
  let done = 0
  const flush = async () => {
    signal?.throwIfAborted()
    const taken = await merger.merge(batch.map(({ record }) => record))
    for (const [i, item] of batch.entries()) tally.taken(source, item, taken[i] ?? { outcome: 'refused' })
    batch = []
    onProgress?.({ step: path.basename(source.file), fraction: Math.min(1, done / total) })
  }
  for await (const item of source.items()) {
    done++
    tally.meet(source, item.section)
    const left = 'left' in item ? item.left : whyGone(item.record, gone)
    if ('record' in item && left === undefined) batch.push(item)
    else if (left !== undefined) tally.left(source, { count: 1, ...item, left })
    if (batch.length >= batchRecords) await flush()
  }
  await flush()
}

function whyGone(record: IncomingRecord, gone: ReadonlyMap<string, Gone>): Leaving | undefined {
  if (record.kind !== 'memory' || gone.size === 0) return undefined
  const found = gone.get(nameOf(record))
  return found !== undefined && found.at >= record.updatedAt ? found.left : undefined
}

function nameOf({ namespace, key }: { namespace: string; key: string }): string {
  return JSON.stringify([namespace, key])
}
