import { connected, type JobContext } from './job.ts'

/** More than the pages that the connection keeps in memory, so that it must write before the transaction ends. */
const bytes = 256 * 1024

/** Writes to the disk as every transaction does, and takes it back. Throws what a write of a caller's would meet. */
export async function tryWrite(_input: undefined, { file, waitMs }: JobContext): Promise<void> {
  await connected(file, { readOnly: false, waitMs }, connection => {
    connection.exec('pragma cache_size=10; begin immediate')
    try {
      connection.exec(`create table hivewax_trial (x); insert into hivewax_trial values (zeroblob(${bytes}))`)
    } finally {
      // On a full disk SQLite has done so itself.
      if (connection.isTransaction) connection.exec('rollback')
    }
  })
}
