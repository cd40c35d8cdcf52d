import fs from 'node:fs/promises'
import path from 'node:path'
import type { ProgressOptions } from '../../db/engine.ts'
import { sql } from '../../db/sql.ts'
import { InvalidInput } from '../../errors.ts'
import { checkName } from '../../util/check.ts'
import { writeWhole } from '../../util/write-whole.ts'
import { checkPath } from '../output-files.ts'
import type { Upkeep } from '../upkeep-context.ts'
import { assertReplaceable } from './earlier-export.ts'
import { header, type RecordRow, recordLine } from './export-format.ts'

export type ExportOptions = ProgressOptions

/** What is exported, and where to. */
export interface ExportTarget {
  readonly namespace: string
  /** Of the file to write. */
  readonly path: string
}

export interface ExportResult {
  path: string
  namespace: string
  records: number
  bytes: number
}

/** `document` is one JSON object; `lines` a header and then a record in each line. */
export type FileShape = 'document' | 'lines'

/** What a file's name says of its shape: `.json`, or `.ndjson` and `.jsonl`. */
export function shapeOf(file: string): FileShape {
  const extension = path.extname(file).toLowerCase()
  if (extension === '.json') return 'document'
  if (extension === '.ndjson' || extension === '.jsonl') return 'lines'
  throw new InvalidInput(`${file} must end in .json or .ndjson, which tells the format`)
}

/**
 * Writes every live record of a namespace to a file, by key, with metadata, times and expiry, as of one
 * moment. An earlier export of the namespace is replaced when all is written, and no other file. A namespace without
 * records gives a file without any.
 */
export async function exportNamespace(
  { context, engine }: Upkeep,
  { namespace, path: to }: ExportTarget,
  { onProgress }: ExportOptions = {},
): Promise<ExportResult> {
  checkName('namespace', namespace, 128)
  const file = checkPath(to)
  const shape = shapeOf(file)
  engine.assertNotOpen(file)
  await assertReplaceable(file, namespace)
  const { db } = context
  const isMine = sql`namespace = ${namespace} and (expires_at is null or expires_at > ${db.dialect.now()})`
  const [count] = await db.all<{ total: number }>(
    sql`select count(*) as total from memory_store where ${isMine}`,
  )
  const query = sql`select namespace, key, value, metadata, created_at, updated_at, expires_at, revision, author, crc
                    from memory_store where ${isMine} order by key`
  const written = await writeWhole(file, async temporary => {
    await using handle = await fs.open(temporary, 'r+')
    let records = 0
    await handle.write(opening(shape, JSON.stringify(header(namespace, context.clock.now()))))
    for await (const batch of engine.scan<RecordRow>(query)) {
      const lines = batch.map(recordLine).join(shape === 'document' ? ',\n' : '\n')
      await handle.write(`${separator(shape, records)}${lines}`)
      records += batch.length
      onProgress?.({ step: 'export', fraction: Math.min(1, records / Math.max(1, count?.total ?? 0)) })
    }
    await handle.write(shape === 'document' ? '\n]}\n' : '\n')
    return { records, bytes: (await handle.stat()).size }
  })
  return { path: file, namespace, ...written }
}

/** The header, left open for the records to follow. */
function opening(shape: FileShape, header: string): string {
  return shape === 'document' ? `${header.slice(0, -1)},"records":[` : header
}

function separator(shape: FileShape, before: number): string {
  return shape === 'document' && before > 0 ? ',\n' : '\n'
}
