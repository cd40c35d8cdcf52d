import type { ForgetOptions, Forgotten, ForgottenRecord } from '../../history/history.ts'
import type { Cli } from '../cli.ts'
import { placeOf } from '../print/changed-record.ts'
import { withProgress } from '../run-operation.ts'

interface Input extends ForgetOptions {
  by: string
}

/** Forgets, or says what would be, as a table of the records and a sentence. */
export async function run(cli: Cli, { by, ...options }: Input): Promise<undefined> {
  const { print, flags } = cli
  const forgotten = await withProgress(cli, async ({ signal }) =>
    (await cli.memory()).history.forget(by, { ...options, signal }),
  )
  if (print.json) return void print.document(forgotten)
  const { records } = forgotten
  print.items(flags.plain ? records.map(forPrograms) : records.map(forPeople))
  print.note(totals(forgotten, by))
}

function forPrograms({ record, ...done }: ForgottenRecord) {
  return { ...placeOf(record), ...done }
}

const becomes: Readonly<Record<ForgottenRecord['outcome'], string>> = {
  restored: 'holds again what it held before',
  deleted: 'deleted',
  kept: 'holds what others have written',
}

function forPeople({ record, outcome, revisions }: ForgottenRecord) {
  const gone = `${revisions.length === 1 ? 'revision' : 'revisions'} ${revisions.join(', ')}`
  return { ...placeOf(record), now: becomes[outcome], gone }
}

function totals({ restored, deleted, kept, dryRun, records }: Forgotten, by: string): string {
  if (records.length === 0) return `nothing to forget of ${by}`
  const done = dryRun ? 'would be ' : ''
  const counts = `${restored} ${done}put back, ${deleted} ${done}deleted, ${kept} only in ${kept === 1 ? 'its' : 'their'} history`
  return dryRun ? `${counts}; nothing was changed` : counts
}
