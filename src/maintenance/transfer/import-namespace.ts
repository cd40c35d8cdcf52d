import fs from 'node:fs/promises'
import path from 'node:path'
import { importedAuthor } from '../../db/author.ts'
import type { Dialect } from '../../db/db.ts'
import { type ProgressOptions, portion } from '../../db/engine.ts'
import { type Sql, sql } from '../../db/sql.ts'
import { Conflict, NotFound, Unauthorized } from '../../errors.ts'
import { checkName, checkOneOf } from '../../util/check.ts'
import { matchesGlob } from '../../util/glob.ts'
import { checkPath } from '../output-files.ts'
import type { Upkeep } from '../upkeep-context.ts'
import type { Header, ImportRecord } from './export-format.ts'
import { shapeOf } from './export-namespace.ts'
import { readExport } from './read-export.ts'

const conflictRules = ['replace', 'skip', 'fail'] as const

export interface ImportOptions extends ProgressOptions {
  /** Where the records go. Default: the namespace that the file names. */
  namespace?: string | undefined
  /** Only an export of a namespace that matches one of these globs; another one is Unauthorized `forbidden`. Default: any. */
  exportsOf?: readonly string[] | undefined
  /**
   * What to do with a key that exists: `replace` its record (default), `skip` it, or `fail` before any is
   * stored.
   */
  onConflict?: (typeof conflictRules)[number] | undefined
}

export interface ImportResult {
  path: string
  namespace: string
  /** Records stored. */
  imported: number
  /** Records left out because their key existed. */
  skipped: number
  /** Records left out because they had expired. */
  expired: number
}

/** Records that one transaction stores: writers wait for no more than that. */
const batchRecords = 200

/**
 * Stores the records of an export, with their metadata, times and expiry; revisions are the store's own. All
 * of the file is checked before the first record is stored. Records go in by batches, so that a crash leaves
 * a part of them, and importing again with `replace` completes it.
 */
export async function importNamespace(
  upkeep: Upkeep,
  from: string,
  options: ImportOptions = {},
): Promise<ImportResult> {
  const file = checkPath(from)
  const onConflict = checkOneOf('onConflict', options.onConflict ?? 'replace', conflictRules)
  if (options.namespace !== undefined) checkName('namespace', options.namespace, 128)
  upkeep.engine.assertNotOpen(file)
  if (!(await fs.stat(file).catch(() => undefined))?.isFile()) throw new NotFound(`there is no file ${file}`)
  const { header, total } = await checkFile(upkeep, file)
  if (options.exportsOf !== undefined) assertExportOf(options.exportsOf, file, header)
  const namespace = options.namespace ?? header.namespace
  const work = { upkeep, namespace, onConflict, total, onProgress: portion(options.onProgress, 0.1, 1) }
  if (onConflict === 'fail') await eachBatch(work, file, batch => refuseExisting(work, batch))
  const result = { path: file, namespace, imported: 0, skipped: 0, expired: 0 }
  await eachBatch(work, file, async (batch, done) => {
    const live = batch.filter(
      ({ expiresAt }) => expiresAt === undefined || expiresAt.getTime() > upkeep.context.clock.now(),
    )
    const stored = await storeAll(work, live)
    result.imported += stored
    result.skipped += live.length - stored
    result.expired += batch.length - live.length
    work.onProgress?.({ step: 'import', fraction: done / total })
  })
  return result
}

/** Who may not read a namespace may not do so through a file of it either. */
function assertExportOf(globs: readonly string[], file: string, { namespace }: Header): void {
  if (globs.some(glob => matchesGlob(glob, namespace))) return
  const what = `${path.basename(file)} is an export of another namespace than ${globs.join(', ')}`
  throw new Unauthorized(what, {}, 'forbidden')
}

interface ImportRun {
  upkeep: Upkeep
  namespace: string
  onConflict: (typeof conflictRules)[number]
  total: number
  onProgress: ProgressOptions['onProgress']
}

/** Reads the file once through, so that a bad record is found before a good one is stored. */
async function checkFile({ context }: Upkeep, file: string): Promise<{ header: Header; total: number }> {
  let header: Header | undefined
  let total = 0
  for await (const part of readExport(file, shapeOf(file), context.maxValueBytes)) {
    if ('header' in part) header = part.header
    else total++
  }
  if (header === undefined) throw new NotFound(`${file} has no header`)
  return { header, total }
}

async function eachBatch(
  { upkeep }: ImportRun,
  file: string,
  take: (batch: ImportRecord[], done: number) => Promise<void>,
): Promise<void> {
  let batch: ImportRecord[] = []
  let done = 0
  for await (const part of readExport(file, shapeOf(file), upkeep.context.maxValueBytes)) {
    if ('header' in part) continue
    batch.push(part.record)
    if (batch.length < batchRecords) continue
    done += batch.length
    await take(batch, done)
    batch = []
  }
  if (batch.length > 0) await take(batch, done + batch.length)
}

async function refuseExisting({ upkeep, namespace }: ImportRun, batch: ImportRecord[]): Promise<void> {
  const { db } = upkeep.context
  for (const { key } of batch) {
    const rows = await db.all(
      sql`select 1 as found from memory_store
          where key = ${key} and namespace = ${namespace} and ${isLive(upkeep)}`,
    )
    if (rows.length > 0) throw taken(namespace, key)
  }
}

/** Stores a batch in one transaction and returns how many records that were. */
async function storeAll(work: ImportRun, batch: ImportRecord[]): Promise<number> {
  return work.upkeep.context.db.transaction(async tx => {
    let stored = 0
    for (const record of batch) {
      const rows = await tx.all(upsertByRule(work, record))
      if (rows.length === 0 && work.onConflict === 'fail') throw taken(work.namespace, record.key)
      stored += rows.length
    }
    return stored
  })
}

function upsertByRule({ upkeep, namespace, onConflict }: ImportRun, record: ImportRecord): Sql {
  const mayReplace = onConflict === 'replace' ? sql`` : sql`where not (${isLive(upkeep)})`
  const { dialect, author } = upkeep.context.db
  const placed = { ...record, namespace, author: importedAuthor(author, record.author) }
  return upsertRecord(dialect, placed, mayReplace)
}

/** A record, the namespace that it goes into, and its author as a column holds it. */
interface PlacedRecord extends Omit<ImportRecord, 'author'> {
  readonly namespace: string
  readonly author: string
}

/**
 * Stores a record under its key in the place of any other, times included.
 * @param mayReplace the `where` that the other must meet
 */
export function upsertRecord(dialect: Dialect, record: PlacedRecord, mayReplace = sql``): Sql {
  const { namespace, key, value, metadata, createdAt, updatedAt, expiresAt, author } = record
  const crc = dialect.checksum('memory_store', 'crc', record)
  return sql`
    insert into memory_store (key, value, namespace, metadata, created_at, updated_at, expires_at, author, crc, revision)
    values (${key}, ${value}, ${namespace}, ${metadata}, ${createdAt}, ${updatedAt}, ${expiresAt}, ${author}, ${crc},
            (select value + 1 from hivewax_counters where name = 'floor'))
    on conflict (key, namespace) do update set
      value = excluded.value, metadata = excluded.metadata, created_at = excluded.created_at,
      updated_at = excluded.updated_at, expires_at = excluded.expires_at, author = excluded.author,
      crc = excluded.crc, revision = memory_store.revision + 1
    ${mayReplace} returning ${dialect.assertAboveFloor(sql`memory_store`, sql`revision`)} as revision`
}

function isLive({ context }: Upkeep): Sql {
  return sql`(memory_store.expires_at is null or memory_store.expires_at > ${context.db.dialect.now()})`
}

function taken(namespace: string, key: string): Conflict {
  return new Conflict(`the key ${JSON.stringify(key)} exists in the namespace ${JSON.stringify(namespace)}`, {
    hint: 'Import with onConflict "replace" or "skip", or into another namespace.',
    details: { namespace, key },
  })
}
