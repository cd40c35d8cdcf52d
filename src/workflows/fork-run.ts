import type { Context } from '../context.ts'
import { sql } from '../db/sql.ts'
import { Conflict, NotFound } from '../errors.ts'
import { insertRun, type RunRow, theRun } from './runs.ts'
import { readStep, type StepAddress, stepName } from './steps.ts'
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
    await tx.all(
      sql`insert into hivewax_workflow_steps
            (workflow_id, step, iteration, kind, result, completed_at, seq)
          select ${fork.newId}, step, iteration, kind, result, completed_at, seq from hivewax_workflow_steps
          where workflow_id = ${id} and seq <= ${last?.seq ?? Number.MAX_SAFE_INTEGER}`,
    )
    await tx.all(
      sql`update workflow_state
          set step_count = (select coalesce(max(seq), 0) from hivewax_workflow_steps where workflow_id = ${fork.newId})
          where id = ${fork.newId}`,
    )
    return theRun(tx, fork.newId)
  })
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
