import type { Context } from '../context.ts'
import { sql } from '../db/sql.ts'
import { columnsNow, fromRow, isRunning, type Task, type TaskRow } from './task.ts'

/** A task that an agent holds, with the proof of its claim. */
export interface HeldTask extends Task {
  token: number
  /** Until when it stays the agent's without another heartbeat, by the clock of this machine. */
  leaseUntil: Date
}

/** The tasks that an agent holds at this moment, those it will lose first at the head. */
export async function heldTasks({ db, clock }: Context, agentId: string, limit: number): Promise<HeldTask[]> {
  const { dialect } = db
  const rows = await db.all<TaskRow & { token: number; remaining_ms: number }>(
    sql`select lease_until - ${dialect.leaseNow()} as remaining_ms, token, ${columnsNow(dialect)} from tasks
        where assigned_to = ${agentId} and ${isRunning(dialect)} order by lease_until limit ${limit}`,
  )
  return rows.map(row =>
    Object.assign(fromRow(row), {
      token: row.token,
      leaseUntil: new Date(clock.now() + Number(row.remaining_ms)),
    }),
  )
}
