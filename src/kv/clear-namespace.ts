import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Context } from '../context.ts'
import type { Db } from '../db/db.ts'
import { deleteRecorded } from '../db/history/delete-recorded.ts'
import { theRow } from '../db/rows.ts'
import { type Sql, sql } from '../db/sql.ts'
import { type BatchDone, inBatches } from '../util/in-batches.ts'
import type { DeletedRow } from './record.ts'

/** Records that one statement deletes: writers wait for no more than that. */
const batchSize = 1_000

/** See `Kv.clearNamespace`. */
export async function clearNamespace(
  { db, transactionId }: Context,
  name: string,
  isLive: Sql,
): Promise<number> {
  const last =
    theRow(await db.all<{ id: number | null }>(sql`select max(id) as id from memory_store`)).id ?? 0
  let after: string | undefined
  const batch = async (): Promise<BatchDone> => {
    const rest = after === undefined ? sql`1 = 1` : sql`key > ${after}`
    const end = await endOfBatch(db, name, rest)
    const upTo = end === undefined ? sql`1 = 1` : sql`key <= ${end}`
    const rows = await deleteRecorded(db, 'memory_store', tx =>
      tx.all<DeletedRow>(
        sql`delete from memory_store where namespace = ${name} and ${rest} and ${upTo} and id <= ${last}
            returning namespace, key, revision, case when ${isLive} then 1 else 0 end as live`,
      ),
    )
    after = end
    return { count: rows.filter(({ live }) => live === 1).length, isLast: end === undefined }
  }
  return transactionId === undefined ? inBatches(batch) : withoutRest(batch)
}

async function endOfBatch(db: Db, name: string, rest: Sql): Promise<string | undefined> {
  const [row] = await db.all<{ key: string }>(
    sql`select key from memory_store where namespace = ${name} and ${rest}
        order by key limit 1 offset ${batchSize - 1}`,
  )
  return row?.key
}

/** Others cannot write before the transaction ends: the sooner it does, the better. */
async function withoutRest(batch: () => Promise<BatchDone>): Promise<number> {
  for (let total = 0; ; ) {
    const { count, isLast } = await batch()
    total += count
    if (isLast) return total
    await nextTurn()
  }
}
