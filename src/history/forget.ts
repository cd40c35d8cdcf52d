import type { Context } from '../context.ts'
import { redactRecord } from '../db/history/redact.ts'
import { allVersionsOf } from '../db/history/versions-of.ts'
import { type ChangeFilter, changedRecords } from './changed-records.ts'
import type { ForgetOptions, Forgotten, ForgottenRecord } from './history.ts'
import { recordOf, tableOf } from './kinds.ts'
import { type Plan, planUndo, wroteSomething } from './plan-undo.ts'
import { type Changed, carryOut, checkedFilter, kindsOf, lock, remove } from './undo.ts'

type Forgetting = Pick<ForgetOptions, 'reason' | 'dryRun'> & { readonly filter: ChangeFilter }

/** Forgets what somebody has written into the stores of a context. */
export async function forget(context: Context, by: string, options: ForgetOptions): Promise<Forgotten> {
  const filter = checkedFilter(by, options)
  const { dryRun = false, reason, vacuum = true, signal } = options
  const records: ForgottenRecord[] = []
  for (const kind of kindsOf(filter)) {
    for await (const key of changedRecords(context.db, kind, { filter, signal })) {
      signal?.throwIfAborted()
      const done = await forgetIn(context, { kind, key }, { filter, reason, dryRun })
      if (done !== undefined) records.push(done)
    }
  }
  if (vacuum && !dryRun && records.length > 0) await context.rewriteFiles?.()
  const count = (outcome: ForgottenRecord['outcome']) =>
    records.filter(each => each.outcome === outcome).length
  return { restored: count('restored'), deleted: count('deleted'), kept: count('kept'), dryRun, records }
}

/** In a transaction, so that nothing of his is stored meanwhile. Undefined where there is nothing to forget. */
function forgetIn(
  context: Context,
  changed: Changed,
  { filter, reason, dryRun = false }: Forgetting,
): Promise<ForgottenRecord | undefined> {
  const record = recordOf(changed.kind, changed.key)
  const key = { table: tableOf[changed.kind], key: changed.key }
  return context.db.transaction(async tx => {
    if (!dryRun) await lock(tx, changed)
    const rows = await allVersionsOf(tx, key)
    const revisions = wroteSomething(rows, filter)
    if (revisions.length === 0) return undefined
    const isPresent = rows.some(
      ({ revision, replaced_at }) => replaced_at === null && revisions.includes(revision),
    )
    const plan = planUndo(rows, { filter, force: false })
    const done = { record, outcome: isPresent ? outcomeOf(plan) : ('kept' as const), revisions }
    if (dryRun) return done
    const inside = { ...context, db: tx }
    if (done.outcome === 'restored' && plan !== undefined) await carryOut(inside, record, plan)
    else if (done.outcome === 'deleted') await remove(inside, record)
    await redactRecord(inside, key, { revision: revisions, reason, vacuum: false, told: { ...record } })
    return done
  })
}

function outcomeOf(plan: Plan | undefined): 'restored' | 'deleted' {
  return plan?.do === 'restore' ? 'restored' : 'deleted'
}
