import { decodeAuthor } from '../db/author.ts'
import { verified } from '../db/checksums.ts'
import { type Columns, listOf, type RowOf } from '../db/columns.ts'
import type { Db } from '../db/db.ts'
import type { Batch } from '../db/follow.ts'
import { theRow } from '../db/rows.ts'
import { sql } from '../db/sql.ts'
import { NotFound } from '../errors.ts'
import { decodeLoose } from '../util/json.ts'
import { cursorPosition, type Page, type PageOptions, pageLimit, toPage } from '../util/page.ts'
import { toDate } from '../util/time.ts'
import { hasPrefix } from './key-range.ts'
import type { SharedChange, SharedRevision } from './shared.ts'
import { anyLapsed, nextLapse } from './shared-leases.ts'

const changeColumns = {
  revision: 'number',
  key: 'text',
  version: 'number',
  value: 'text?',
  updated_by: 'text?',
  updated_at: 'time',
  author: 'text?',
  crc: 'number?',
} as const satisfies Columns

type ChangeRow = RowOf<typeof changeColumns>

interface Bounds {
  floor: number
  head: number
  lapsed: number
  /** When the next lease lapses, in milliseconds from now; null when there is none. */
  lapse_ms: number | null
}

/** Changes per read of a watch, more when a revision has more: few enough to keep large values out of memory. */
const batchSize = 100

/** How soon a watch looks again at leases at the soonest, in milliseconds. */
const minWaitMs = 10

const columns = listOf(changeColumns)

/** The revision of the latest change; whatever is written from now on has a later one. */
export async function currentRevision(db: Db): Promise<number> {
  const revision = sql`select value from hivewax_counters where name = 'shared_revision'`
  return theRow(await db.readBeforeWrites(() => db.all<{ value: number }>(revision))).value
}

/** What a watch reads. */
interface Revisions extends Batch<SharedRevision> {
  /** True when a lease has lapsed whose keys are yet to be removed: more changes, by the next process that notices. */
  readonly lapsed: boolean
}

/**
 * The revisions after `after` that changed keys under `prefix`, whole, as of one moment.
 * @throws NotFound `compacted` when changes that should follow `after` were pruned
 */
export async function readRevisions(db: Db, prefix: string, after: number): Promise<Revisions> {
  const following = sql`revision > ${after} and ${hasPrefix(prefix)}`
  const found = await db.all<Bounds & (ChangeRow | { revision: null })>(
    sql`select floor, head, lapsed, lapse_ms, ${columns}
        from (select f.value as floor, r.value as head, ${anyLapsed(db.dialect)} as lapsed,
                ${nextLapse(db.dialect)} as lapse_ms
              from hivewax_counters f, hivewax_counters r
              where f.name = 'shared_floor' and r.name = 'shared_revision') b
        left join (
          select ${columns} from hivewax_shared_history
          where ${following} and revision <= coalesce(
            (select revision from hivewax_shared_history where ${following}
             order by revision limit 1 offset ${batchSize - 1}),
            ${Number.MAX_SAFE_INTEGER})
        ) h on 1 = 1 order by revision, key, version`,
  )
  const { floor, head, lapsed, lapse_ms } = theRow(found)
  if (after < floor) throw compacted(after, floor)
  const rows = found.filter(row => row.revision !== null)
  const last = rows.length < batchSize ? undefined : rows.at(-1)
  return {
    items: byRevision(rows),
    cursor: last?.revision ?? Math.max(after, head),
    more: last !== undefined,
    lapsed: lapsed === 1,
    // Leases lapse although no process writes. One that has lapsed is being removed, or the store is busy.
    ...(lapse_ms !== null && { withinMs: Math.max(lapse_ms, minWaitMs) }),
  }
}

/** The changes of one key that the history still has, newest first. */
export async function readHistory(db: Db, key: string, options: PageOptions): Promise<Page<SharedChange>> {
  const limit = pageLimit(options.limit)
  const [revision, version] = cursorPosition(options.cursor, 2) ?? [Number.MAX_SAFE_INTEGER, 0]
  const rows = await db.all<ChangeRow>(
    sql`select ${columns} from hivewax_shared_history
        where key = ${key} and (revision, version) < (${revision}, ${version})
        order by revision desc, version desc limit ${limit + 1}`,
  )
  return toPage(rows, limit, { item: fromRow, position: row => [row.revision, row.version] })
}

function byRevision(rows: readonly ChangeRow[]): SharedRevision[] {
  const revisions: SharedRevision[] = []
  for (const row of rows) {
    const open = revisions.at(-1)
    if (open?.revision === row.revision) open.changes.push(fromRow(row))
    else revisions.push({ revision: row.revision, changes: [fromRow(row)] })
  }
  return revisions
}

function fromRow(row: ChangeRow): SharedChange {
  verified('hivewax_shared_history', row)
  return {
    key: row.key,
    version: row.version,
    value: row.value === null ? undefined : decodeLoose(row.value),
    deleted: row.value === null,
    updatedBy: row.updated_by ?? undefined,
    updatedAt: toDate(row.updated_at),
    revision: row.revision,
    author: decodeAuthor(row.author),
  }
}

function compacted(after: number, floor: number): NotFound {
  return new NotFound(
    `the changes of shared state after revision ${after} were pruned up to ${floor}`,
    {
      hint: 'Read the present state with shared.list(), then watch from the revision that it names.',
      details: { since: after, floor },
    },
    'compacted',
  )
}
