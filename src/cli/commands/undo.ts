import type { Undo, UndoneRecord, UndoOptions } from '../../history/history.ts'
import type { Cli } from '../cli.ts'
import { authorText } from '../print/author.ts'
import { placeOf } from '../print/changed-record.ts'
import { withProgress } from '../run-operation.ts'

interface Input extends UndoOptions {
  by: string
}

/** Undoes, or says what would be done, as a table of the records and a sentence. */
export async function run(cli: Cli, { by, ...options }: Input): Promise<undefined> {
  const { print, flags } = cli
  const undo = await withProgress(cli, async ({ signal }) =>
    (await cli.memory()).history.undo(by, { ...options, signal }),
  )
  if (print.json) return void print.document(undo)
  print.items(flags.plain ? undo.records.map(forPrograms) : undo.records.map(forPeople))
  print.note(totals(undo, by))
}

function forPeople({ record, ...done }: UndoneRecord) {
  return { ...placeOf(record), change: change(done) }
}

/** Every column is there, whatever the records are. */
function forPrograms({ record, outcome, why, by, wasDeleted, revisions, revision }: UndoneRecord) {
  return { ...placeOf(record), outcome, why, by, wasDeleted, revisions, revision }
}

/** What becomes of a record, in words. */
function change({ outcome, why, by, wasDeleted, revisions }: Omit<UndoneRecord, 'record'>): string {
  if (outcome === 'deleted') return 'deleted: there was nothing before'
  if (outcome === 'restored')
    return `put back to revision ${(revisions.at(-1) ?? 0) - 1}${wasDeleted ? ', after its deletion' : ''}`
  if (why === 'unknown_before') return 'left: the history does not say any more what it was'
  return `left: changed since by ${by === undefined ? 'somebody' : authorText(by)}`
}

function totals({ restored, deleted, skipped, dryRun, records }: Undo, by: string): string {
  if (records.length === 0) return `nothing to undo of ${by}`
  const [done, kept] = dryRun ? ['would be ', 'would be left'] : ['', 'left']
  const counts = `${restored} ${done}put back, ${deleted} ${done}deleted, ${skipped} ${kept} as ${skipped === 1 ? 'it is' : 'they are'}`
  return dryRun ? `${counts}; nothing was changed` : counts
}
