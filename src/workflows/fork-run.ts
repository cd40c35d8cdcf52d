import type { Context } from '../context.ts'
import { verified } from '../db/checksums.ts'
import type { Db } from '../db/db.ts'
import { sql } from '../db/sql.ts'
import { Conflict, NotFound } from '../errors.ts'
import { toDate } from '../util/time.ts'
import { insertRun, type RunRow, theRun } from './runs.ts'
import { readStep, type StepAddress, type StepRow, columns as stepColumns, stepName } from './steps.ts'
import { lockWorkflow } from './workflow-state.ts'

/** A checked fork. */
export interface Fork {
  newId: string
  /** The last step that the new run begins with; undefined: all. */
  after: StepAddress | undefined
  version: string | undefined
}

/** Begins a run with the first steps of another, as they were, in one transaction. */
export async function forkRun(context: Context, id: string, fork: Fork): Promise<RunRow> {
  return context.db.transaction(async tx => {
    // Until the commit no other transaction deletes what is copied, nor adds to it.
    await tx.all(sql`select id from workflow_state where id = ${id} ${tx.dialect.forShare}`)
    const source = await theRun(tx, id)
    const last = fork.after === undefined ? undefined : await readStep(tx, fork.after)
    if (fork.after !== undefined && last === undefined) throw notDone(fork.after)
    await lockWorkflow(tx, fork.newId, source.workflow_type)
    const isNew = await insertRun(
      { ...context, db: tx },
      {
        id: fork.newId,
        type: source.workflow_type,
        version: fork.version ?? source.code_version,
        input: source.input,
        forkedFrom: id,
      },
    )
    const [own] = await tx.all(
      sql`select 1 from hivewax_workflow_steps where workflow_id = ${fork.newId} limit 1`,
    )
    if (!isNew || own !== undefined) throw taken(fork.newId)
    await copySteps(tx, id, { newId: fork.newId, last })
    await tx.all(
      sql`update workflow_state
          set step_count = (select coalesce(max(seq), 0) from hivewax_workflow_steps where workflow_id = ${fork.newId})
          where id = ${fork.newId}`,
    )
    return theRun(tx, fork.newId)
  })
}

/** Steps per read: few enough that their results, which are large at times, are never many in memory. */
const stepsPerRead = 100

interface Copy {
  newId: string
  /** The last step to copy; undefined: all. */
  last: StepRow | undefined
}

/** One by one, since the checksum of a step covers whose it is. */
async function copySteps(tx: Db, id: string, { newId, last }: Copy): Promise<void> {
  const isWanted = sql`workflow_id = ${id} and seq <= ${last?.seq ?? Number.MAX_SAFE_INTEGER}`
  let rest = sql`1 = 1`
  for (;;) {
    const rows = await tx.all<StepRow>(
      sql`select ${stepColumns} from hivewax_workflow_steps where ${isWanted} and ${rest}
          order by seq, step, iteration limit ${stepsPerRead}`,
    )
    for (const row of rows)
      await insertStep(tx, { ...verified('hivewax_workflow_steps', row), workflow_id: newId })
    const end = rows.at(-1)
    if (end === undefined || rows.length < stepsPerRead) return
    rest = sql`(seq, step, iteration) > (${end.seq}, ${end.step}, ${end.iteration})`
  }
}

async function insertStep(tx: Db, row: StepRow): Promise<void> {
  const { workflow_id, step, iteration, kind, result, completed_at, seq } = row
  const crc = tx.dialect.checksum('hivewax_workflow_steps', 'crc', row)
  await tx.all(
    sql`insert into hivewax_workflow_steps (${stepColumns})
        values (${workflow_id}, ${step}, ${iteration}, ${kind}, ${result}, ${toDate(completed_at)}, ${seq}, ${crc})`,
  )
}

function notDone(at: StepAddress): NotFound {
  return new NotFound(`${stepName(at)} is not done`, {
    hint: 'workflows.steps() lists those that are.',
    details: { workflowId: at.id, name: at.name, iteration: at.iteration },
  })
}

function taken(newId: string): Conflict {
  return new Conflict(`workflow ${JSON.stringify(newId)} has a run or steps already`, {
    hint: 'Fork to an id that is new.',
    details: { workflowId: newId },
  })
}
