import type { Db } from '../db/db.ts'
import { type Sql, sql } from '../db/sql.ts'
import { isReady, namesIn } from './task.ts'

/** The queue of tasks that name none. */
export const defaultQueue = 'default'

/**
 * A lane holds the tasks of one queue with the same requirements: a claimant of one of them can claim all, so
 * that a claim reads the heads of some lanes and passes over the others whole.
 */
export interface Lane {
  queue: string
  requires: readonly string[]
}

/** The column's text for a lane; undefined, as in most rows, for the default queue without requirements. */
export function laneText({ queue, requires }: Lane): string | undefined {
  return queue === defaultQueue && requires.length === 0 ? undefined : JSON.stringify([queue, ...requires])
}

export function readLane(text: string | undefined): Lane {
  const [queue = defaultQueue, ...requires] = namesIn(text ?? null)
  return { queue, requires }
}

/** The condition that a task is in this lane. */
export function inLane(text: string | undefined): Sql {
  return text === undefined ? sql`lane is null` : sql`lane = ${text}`
}

/** The texts of all lanes with ready tasks but the common one: one step of the index for each, however many tasks there are. */
export async function readLaneTexts(db: Db): Promise<string[]> {
  const rows = await db.all<{ lane: string }>(
    sql`with recursive lanes (lane) as (
          select min(lane) from tasks where ${isReady}
          union all
          select (select min(tasks.lane) from tasks where ${isReady} and tasks.lane > lanes.lane)
          from lanes where lanes.lane is not null)
        select lane from lanes where lane is not null`,
  )
  return rows.map(row => row.lane)
}
