import type { PoolClient } from 'pg'
import type { Row } from '../db.ts'
import type { Bound } from '../sql.ts'
import { unlimited } from './timeouts.ts'

/** Rows may carry values of up to 64 MiB: how many are fetched at a time goes by how long the last ones were. */
const batch = { firstRows: 16, maxRows: 500, length: 1024 * 1024 }

/** Hands the rows of a reading statement on in batches, all from one snapshot, as fast as they are taken. */
export async function fetchAll(
  client: PoolClient,
  { text, params }: { text: string; params: readonly Bound[] },
  send: (rows: Row[]) => Promise<void>,
): Promise<void> {
  await client.query('begin isolation level repeatable read read only')
  try {
    await client.query(unlimited('transaction'))
    await client.query(`declare hivewax_scan no scroll cursor for ${text}`, [...params])
    for (let limit = batch.firstRows; ; ) {
      const { rows } = await client.query<Row>(`fetch ${limit} from hivewax_scan`)
      if (rows.length === 0) return
      const length = rows.reduce((sum, row) => sum + lengthOf(row), 0)
      const fitting = Math.floor((batch.length * rows.length) / Math.max(1, length))
      limit = Math.max(1, Math.min(fitting, 4 * limit, batch.maxRows))
      await send(rows)
    }
  } finally {
    await client.query('rollback')
  }
}

function lengthOf(row: Row): number {
  return Object.values(row).reduce<number>(
    (sum, value) => sum + (typeof value === 'string' ? value.length : 8),
    0,
  )
}
