import type { Db } from './db.ts'
import { isLeased } from './lease.ts'
import { sql } from './sql.ts'

/**
 * True when this token's holder has the lock at this moment. Inside a transaction no other holder can take it until
 * the end.
 */
export async function holdsLock(db: Db, { name, token }: { name: string; token: number }): Promise<boolean> {
  // An update that changes nothing keeps others from taking the lock before the transaction commits.
  const rows = await db.all(
    sql`update hivewax_locks set token = token
        where name = ${name} and token = ${token} and ${isLeased(db.dialect)} returning token`,
  )
  return rows.length > 0
}
