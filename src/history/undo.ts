import { Agents } from '../agents/agents.ts'
import type { Context } from '../context.ts'
import type { Db } from '../db/db.ts'
import type { VersionRow } from '../db/history/version.ts'
import { allVersionsOf } from '../db/history/versions-of.ts'
import { InvalidInput } from '../errors.ts'
import { Kv } from '../kv/kv.ts'
import { Patterns } from '../patterns/patterns.ts'
import { checkName } from '../util/check.ts'
import { checkTime } from '../util/time.ts'
import { type ChangeFilter, changedRecords } from './changed-records.ts'
import type { ChangeOptions, Undo, UndoneRecord, UndoOptions } from './history.ts'
import { type ChangedRecord, type Kind, kinds, recordOf, tableOf } from './kinds.ts'
import { type Plan, planUndo } from './plan-undo.ts'

/** Undoes changes in the stores of a context. */
export async function undo(context: Context, by: string, options: UndoOptions): Promise<Undo> {
  const filter = checkedFilter(by, options)
  const { dryRun = false, force = false, signal } = options
  const at = new Date(context.clock.now())
  const records: UndoneRecord[] = []
  for (const kind of kindsOf(filter)) {
    for await (const key of changedRecords(context.db, kind, { filter, signal })) {
      signal?.throwIfAborted()
      const done = await undoRecord(context, { kind, key }, { filter, force, dryRun })
      if (done !== undefined) records.push(done)
    }
  }
  const count = (outcome: UndoneRecord['outcome']) => records.filter(each => each.outcome === outcome).length
  const counts = { restored: count('restored'), deleted: count('deleted'), skipped: count('skipped') }
  return { ...counts, dryRun, at, records }
}

/** The kinds of records that a filter can meet. */
export function kindsOf({ namespace }: ChangeFilter): readonly Kind[] {
  return namespace === undefined ? kinds : ['memory']
}

/** Whose changes a call names. @throws InvalidInput */
export function checkedFilter(by: string, options: ChangeOptions): ChangeFilter {
  const { session, since, until, namespace } = options
  if (since !== undefined && until !== undefined && since >= until)
    throw new InvalidInput('until must be after since')
  return {
    by: checkName('by', by),
    session: session === undefined ? undefined : checkName('session', session),
    since: since && checkTime('since', since),
    until: until && checkTime('until', until),
    namespace: namespace === undefined ? undefined : checkName('namespace', namespace, 128),
  }
}

/** A record of a kind, by its key in the order of the history's. */
export interface Changed {
  readonly kind: Kind
  readonly key: readonly string[]
}

/** Keeps others from a record until the end of the transaction. */
export async function lock(tx: Db, { kind, key }: Changed): Promise<void> {
  await tx.all(tx.dialect.lockKeys(tableOf[kind], [kind === 'memory' ? [...key].reverse() : key]))
}

/** In a transaction, so that what is undone is what was looked at. Undefined where there is nothing to undo. */
function undoRecord(
  context: Context,
  { kind, key }: Changed,
  { filter, force, dryRun }: { filter: ChangeFilter; force: boolean; dryRun: boolean },
): Promise<UndoneRecord | undefined> {
  return context.db.transaction(async tx => {
    const table = tableOf[kind]
    if (!dryRun) await lock(tx, { kind, key })
    const plan = planUndo(await allVersionsOf(tx, { table, key }), { filter, force })
    if (plan === undefined) return undefined
    const record = recordOf(kind, key)
    const done = told(record, plan)
    if (dryRun) return done
    return { ...done, revision: await carryOut({ ...context, db: tx }, record, plan) }
  })
}

function told(record: ChangedRecord, plan: Plan): UndoneRecord {
  const nothing = {
    record,
    why: undefined,
    by: undefined,
    wasDeleted: false,
    revisions: [],
    revision: undefined,
  }
  if (plan.do === 'skip')
    return {
      ...nothing,
      outcome: 'skipped',
      why: plan.why,
      by: plan.why === 'changed_since' ? plan.by : undefined,
    }
  const outcome = plan.do === 'restore' ? 'restored' : 'deleted'
  const wasDeleted = plan.undone[0]?.deleted === true
  return { ...nothing, outcome, wasDeleted, revisions: plan.undone.map(({ revision }) => revision) }
}

/** Does it, within a transaction. Returns the revision that the record has now. */
export async function carryOut(
  context: Context,
  record: ChangedRecord,
  plan: Plan,
): Promise<number | undefined> {
  if (plan.do === 'skip') return undefined
  if (plan.do === 'restore') return restore(context, record, plan.row)
  return remove(context, record)
}

/** Deletes a record. */
export async function remove(context: Context, record: ChangedRecord): Promise<undefined> {
  switch (record.in) {
    case 'memory':
      await new Kv(context).delete(record.key, { namespace: record.namespace })
      return undefined
    case 'agent_memory':
      await new Agents(context).deleteMemory(record.agentId, record.key)
      return undefined
    case 'patterns':
      await new Patterns(context).delete(record.id)
      return undefined
  }
}

async function restore(
  context: Context,
  record: ChangedRecord,
  { revision }: VersionRow,
): Promise<number | undefined> {
  switch (record.in) {
    case 'memory':
      return (await new Kv(context).revert(record.key, { revision, namespace: record.namespace })).revision
    case 'agent_memory':
      await new Agents(context).revertMemory(record.agentId, record.key, { revision })
      return undefined
    case 'patterns':
      return (await new Patterns(context).revert(record.id, { revision })).revision
  }
}
