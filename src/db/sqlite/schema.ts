import { InvalidInput } from '../../errors.ts'
import { type Applied, checksum, type Migration, pending, tooNew } from '../migrate.ts'
import { migrations } from '../migrations/index.ts'
import { retryBusy } from './busy.ts'
import type { Connection } from './connection.ts'

/** "hvwx": marks a database file as ours, https://sqlite.org/pragma.html#pragma_application_id */
export const applicationId = 0x68767778

const latestId = migrations.at(-1)?.id ?? 0

/** Makes the file a store of this version: refuses a foreign one, creates a new one, migrates an older one. */
export async function createSchema(connection: Connection, busyTimeoutMs: number): Promise<void> {
  const isOurs = await retryBusy(() => holdsStore(connection), busyTimeoutMs)
  // Both are set before the first table exists: afterwards auto_vacuum could only change by a full VACUUM.
  if (!isOurs) await retryBusy(() => connection.exec('pragma auto_vacuum=incremental'), busyTimeoutMs)
  const settings = 'pragma journal_mode=wal; pragma synchronous=full'
  await retryBusy(() => connection.exec(settings), busyTimeoutMs)
  if (!isOurs || (await retryBusy(() => missing(connection), busyTimeoutMs)).length > 0) {
    await retryBusy(() => migrate(connection), busyTimeoutMs)
  }
}

/** Throws when the schema is not the one this program was written for any more. Costs a page already in memory. */
export function assertSchema(connection: Connection): void {
  const id = Number(connection.value('pragma user_version'))
  if (id > latestId) throw tooNew(id, latestId)
}

/** True for a store of ours, false for an empty file; anything else is somebody else's. */
export function holdsStore(connection: Connection): boolean {
  const id = connection.value('pragma application_id')
  if (id === applicationId) return true
  const objects = connection.value("select group_concat(name, ', ') from sqlite_schema")
  if (objects === null && id === 0) return false
  // Between the two reads another process may have created the store.
  if (connection.value('pragma application_id') === applicationId) return true
  throw new InvalidInput(
    `${connection.file} is the SQLite database of another program (it holds: ${String(objects ?? 'nothing').slice(0, 200)})`,
    {
      hint: 'Nothing was changed. If claude-flow or ruflo wrote it, `hivewax import` brings over what it holds and keeps the file under another name; else choose another file.',
    },
    'foreign_store',
  )
}

function missing(connection: Connection): Migration[] {
  return pending(migrations, applied(connection))
}

function applied(connection: Connection): Applied[] {
  if (connection.value("select 1 from sqlite_schema where name = 'hivewax_migrations'") === undefined)
    return []
  const text = 'select id, name, checksum from hivewax_migrations order by id'
  return connection.run<Applied & Record<string, string | number>>(
    { text, reads: true, touchesMemory: false },
    [],
  )
}

/** Applies what is missing in one transaction. Whoever comes second finds nothing left to do. */
function migrate(connection: Connection): void {
  connection.exec('begin immediate')
  try {
    for (const migration of missing(connection)) apply(connection, migration)
    connection.exec('commit')
  } catch (error) {
    if (connection.isTransaction) connection.exec('rollback')
    throw error
  }
}

function apply(connection: Connection, { id, name, sqlite }: Migration): void {
  connection.exec(sqlite)
  connection.exec(
    `insert into hivewax_migrations (id, name, checksum) values (${id}, '${name}', '${checksum(sqlite)}');
     pragma user_version=${id}; pragma application_id=${applicationId}`,
  )
}
