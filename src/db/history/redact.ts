import { NotFound } from '../../errors.ts'
import { checkInteger, checkText, describe } from '../../util/check.ts'
import type { Json } from '../../util/json.ts'
import type { Db } from '../db.ts'
import { appendEvents, transactionWithEvents } from '../outbox.ts'
import { join, raw, type Sql, sql } from '../sql.ts'
import { deleteRecorded } from './delete-recorded.ts'
import { type Versioned, versioned } from './versioned.ts'
import { isRecord, type RecordKey } from './versions-of.ts'

/** What of a record is redacted. */
export interface RedactOptions {
  /** Only what this change wrote; the record itself when that is what it holds. Default: the record and all its versions. */
  revision?: number | undefined
  /** Why, for the event that tells of it. Up to 65,536 bytes; not what is redacted. */
  reason?: string | undefined
  /**
   * Whether to rewrite the store's files as `maintenance.vacuum({ full: true })` does, so that they do not hold it either.
   * Default true; false when more is redacted at once, and always inside of a transaction: then vacuum afterwards.
   */
  vacuum?: boolean | undefined
}

/** The names of these options, for the checks of the domains. */
export const redactNames = { revision: true, reason: true, vacuum: true } as const

/** What was redacted. */
export interface Redacted {
  /** The revisions whose content is gone now, latest first; empty when it was gone already. */
  revisions: number[]
}

interface Redaction extends Omit<RedactOptions, 'revision'> {
  /** As in {@link RedactOptions}, or of several. */
  readonly revision?: number | readonly number[] | undefined
  /** Names the record in the event that tells of it. */
  readonly told: Readonly<Record<string, Json>>
}

/** Who redacts, and where. */
interface Redactor {
  readonly db: Db
  readonly agentId: string | undefined
  readonly rewriteFiles: (() => Promise<void>) | undefined
}

/**
 * Removes what a record holds and held: a record that it holds at present is deleted, and of versions only who wrote them,
 * and when, is left, and who has redacted them.
 * @throws NotFound when the history has nothing of the record, or not this revision
 */
export async function redactRecord(
  { db, agentId = 'system', rewriteFiles }: Redactor,
  record: RecordKey,
  { revision, reason, vacuum = true, told }: Redaction,
): Promise<Redacted> {
  const only = revision === undefined ? undefined : [revision].flat()
  for (const each of only ?? []) checkInteger('revision', each, 1)
  if (reason !== undefined) checkText('reason', reason)
  const revisions = await transactionWithEvents(db, async tx => {
    const removed = await removeContent(tx, record, only)
    const data = { ...told, revisions: removed, ...(reason !== undefined && { reason }) }
    if (removed.length > 0) await appendEvents(tx, [{ type: 'memory.redacted', source: agentId, data }])
    return removed
  })
  // Also when there was nothing left to remove: rewriting may have failed the last time.
  if (vacuum) await rewriteFiles?.()
  return { revisions }
}

async function removeContent(
  tx: Db,
  record: RecordKey,
  only: readonly number[] | undefined,
): Promise<number[]> {
  const deleted = await deletePresent(tx, record, only)
  const emptied = await emptyVersions(tx, record, only)
  const revisions = [...new Set([...deleted, ...emptied])].toSorted((a, b) => b - a)
  if (revisions.length === 0) await assertKnown(tx, record, only)
  return revisions
}

async function deletePresent(
  tx: Db,
  record: RecordKey,
  only: readonly number[] | undefined,
): Promise<number[]> {
  const { table } = record
  const rows = await deleteRecorded(tx, table, inner =>
    inner.all<Record<string, string | number>>(
      sql`delete from ${raw(table)} where ${isOne(record, only)}
          returning ${raw([...versioned[table].key, 'revision'].join(', '))}`,
    ),
  )
  return rows.map(row => Number(row.revision))
}

/** Times to live stay, so that what has expired does not come back as a version without content. */
async function emptyVersions(
  tx: Db,
  record: RecordKey,
  only: readonly number[] | undefined,
): Promise<number[]> {
  const { history, content }: Versioned = versioned[record.table]
  const columns = Object.keys(content).filter(column => content[column] !== 'time?')
  const rows = await tx.all<{ revision: number }>(
    sql`update ${raw(history)} set ${raw([...columns, 'crc'].map(column => `${column} = null`).join(', '))},
          gone_at = ${tx.dialect.now()}, gone_by = ${tx.author}
        where ${isOne(record, only)} and gone_at is null returning revision`,
  )
  return rows.map(row => row.revision)
}

/** Who redacts the wrong key must hear of it. */
async function assertKnown(tx: Db, record: RecordKey, only: readonly number[] | undefined): Promise<void> {
  const { table, key } = record
  const { history } = versioned[table]
  const rows = await tx.all(sql`select revision from ${raw(history)} where ${isOne(record, only)} limit 1`)
  if (rows.length > 0) return
  const what = only === undefined ? '' : `revision ${only.join(', ')} of `
  throw new NotFound(`the history has nothing of ${what}${describe(key.at(-1))} in ${table}`, {
    hint: 'Was it stored under another name, or in another namespace?',
    details: { table, key, revision: only?.[0] },
  })
}

function isOne(record: RecordKey, only: readonly number[] | undefined): Sql {
  if (only === undefined) return isRecord(record)
  return sql`${isRecord(record)} and (${join(
    only.map(revision => sql`revision = ${revision}`),
    ' or ',
  )})`
}
