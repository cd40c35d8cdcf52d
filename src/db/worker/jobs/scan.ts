import type { Row } from '../../db.ts'
import type { Bound } from '../../sql.ts'
import { rowLength } from '../../sqlite/connection.ts'
import { connected, type JobContext } from './job.ts'

/** Enough that messages cost little; rows may carry values of up to 64 MiB, so their text counts as well. */
const maxRows = 500
const maxBatchLength = 1024 * 1024

/** Sends the rows of a reading statement, as fast as they are taken and no faster. */
export async function scan(input: { text: string; params: Bound[] }, context: JobContext): Promise<void> {
  await connected(context.file, { readOnly: true, waitMs: context.waitMs }, async connection => {
    let batch: Row[] = []
    let length = 0
    for (const row of connection.iterate(input.text, input.params)) {
      batch.push(row)
      length += rowLength(row)
      if (batch.length < maxRows && length < maxBatchLength) continue
      await context.send(batch)
      batch = []
      length = 0
    }
    if (batch.length > 0) await context.send(batch)
  })
}
