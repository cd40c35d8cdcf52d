import { changesOf, type Version, type VersionRow } from '../db/history/version.ts'
import { toDate } from '../util/time.ts'
import { type ChangeFilter, isBy, isWithin } from './changed-records.ts'

/** What a record is to become: what a version holds, or nothing; or why it stays as it is. */
export type Plan =
  | { do: 'restore'; row: VersionRow; undone: Version[] }
  | { do: 'delete'; undone: Version[] }
  | { do: 'skip'; why: 'changed_since'; by: Version['author'] }
  | { do: 'skip'; why: 'unknown_before' }

interface Step {
  readonly change: Version
  readonly row: VersionRow
}

/** The revisions that meet the filter and wrote something that is still there, latest first. */
export function wroteSomething(rows: readonly VersionRow[], filter: ChangeFilter): number[] {
  const written = rows.flatMap(row =>
    row.gone_at === null ? changesOf(row).filter(({ deleted }) => !deleted) : [],
  )
  return written
    .filter(change => isBy(filter, change.author) && isWithin(filter, change.updatedAt))
    .map(({ revision }) => revision)
}

/**
 * How the latest changes of a record that meet the filter are undone: it becomes what it was before the first of them.
 * Undefined where none is to be undone.
 * @param rows all versions of the record that its history has, latest first
 * @param force undo also what others have made of it since
 */
export function planUndo(
  rows: readonly VersionRow[],
  { filter, force }: { filter: ChangeFilter; force: boolean },
): Plan | undefined {
  const steps = rows.flatMap((row): Step[] => changesOf(row).map(change => ({ change, row })))
  const isWanted = ({ change }: Step) => isBy(filter, change.author) && isWithin(filter, change.updatedAt)
  const [latest] = steps
  if (latest === undefined || hasExpired(latest) || !steps.some(isWanted)) return undefined
  const start = force ? steps.findIndex(isWanted) : 0
  const length = steps.slice(start).findIndex(step => !isWanted(step))
  const end = length === -1 ? steps.length : start + length
  if (end === start) return { do: 'skip', why: 'changed_since', by: latest.change.author }
  return before(steps, end, latest)
}

/** The record as it was before the step at `end - 1`. */
function before(steps: readonly Step[], end: number, latest: Step): Plan | undefined {
  const first = steps[end - 1] as Step
  const undone = steps.slice(0, end).map(({ change }) => change)
  const previous = steps[end]
  if (previous?.change.revision === first.change.revision - 1) {
    if (!previous.change.deleted)
      return previous.row.gone_at === null
        ? { do: 'restore', row: previous.row, undone }
        : { do: 'skip', why: 'unknown_before' }
  } else if (!isCreation(first)) return { do: 'skip', why: 'unknown_before' }
  return latest.change.deleted ? undefined : { do: 'delete', undone }
}

/** The two times of one statement are not the same to the millisecond on a server. */
const sameMs = 5

/** The first version of a life of the record, before which there was none. */
function isCreation({ change, row }: Step): boolean {
  return !change.deleted && toDate(row.updated_at).getTime() - toDate(row.created_at).getTime() <= sameMs
}

/** What the record held last is not there any more, and nobody has deleted it. */
function hasExpired({ change, row }: Step): boolean {
  return !change.deleted && row.replaced_at !== null
}
