import { connected, type JobContext } from './job.ts'
import { highestIssued, liftAbove } from './numbers.ts'
import { endLeases } from './replace.ts'

/** What the store that is to be replaced has issued; or what nothing in the file is above any more. */
export interface Issued {
  /** The largest revision, version, token or ballot. */
  highest: number
  sharedRevision: number
}

/**
 * Lifts the numbers of a store in a private file above all that it and another one ever issued, and ends the leases
 * in it. Returns what nothing to come may go below.
 */
export async function raiseNumbers(issued: Issued, context: JobContext): Promise<Issued> {
  return connected(context.file, { readOnly: false, waitMs: context.waitMs }, connection => {
    const revision = connection.value(`select value from hivewax_counters where name = 'shared_revision'`)
    const highest = Math.max(issued.highest, highestIssued(connection, 'main'))
    connection.exec('pragma synchronous=off; begin')
    const floor = liftAbove(connection, 'main', highest)
    endLeases(connection, 'main')
    connection.exec('commit')
    return { highest: floor, sharedRevision: Math.max(issued.sharedRevision, Number(revision)) }
  })
}
