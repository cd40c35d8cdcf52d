import { InvalidInput } from '../../errors.ts'
import { type Applied, type Migration, pending, record, tooNew } from '../migration.ts'
import { migrations, schemaId } from '../migrations/index.ts'
import { retryBusy } from './busy.ts'
import type { Connection } from './connection.ts'
import { removeOldLog } from './nameless-log.ts'

/** "hvwx": marks a database file as ours, https://sqlite.org/pragma.html#pragma_application_id */
export const applicationId = 0x68767778

/** Makes the file a store of this version: refuses a foreign one, creates a new one, migrates an older one. */
export async function createSchema(connection: Connection, busyTimeoutMs: number): Promise<void> {
  const isOurs = await retryBusy(() => holdsStore(connection), busyTimeoutMs)
  // Both are set before the first table exists: afterwards auto_vacuum could only change by a full VACUUM.
  if (!isOurs) await retryBusy(() => prepareEmpty(connection), busyTimeoutMs)
  const settings = 'pragma journal_mode=wal; pragma synchronous=full'
  await retryBusy(() => connection.exec(settings), busyTimeoutMs)
  const isCurrent =
    isOurs && (await retryBusy(() => missing(connection, migrations), busyTimeoutMs)).length === 0
  if (!isCurrent) await migrate(connection, busyTimeoutMs)
}

function prepareEmpty(connection: Connection): void {
  // Before the first transaction, with which SQLite takes the file as it is to be.
  connection.exec('pragma auto_vacuum=incremental')
  connection.exec('begin exclusive')
  try {
    if (connection.value('pragma journal_mode') !== 'wal') removeOldLog(connection.file)
  } finally {
    connection.exec('rollback')
  }
}

/** Applies what is missing, each in a transaction of its own. The process that comes second finds nothing left to do. */
export async function migrate(
  connection: Connection,
  busyTimeoutMs: number,
  all: readonly Migration[] = migrations,
): Promise<void> {
  while (await retryBusy(() => applyNext(connection, all), busyTimeoutMs));
}

/** Throws when the schema is not the one this program was written for any more. Costs a page already in memory. */
export function assertSchema(connection: Connection): void {
  const id = Number(connection.value('pragma user_version'))
  if (id > schemaId) throw tooNew(id, schemaId)
}

/** True for a store of ours, false for an empty file; anything else is another program's. */
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

function missing(connection: Connection, all: readonly Migration[]): Migration[] {
  return pending(all, applied(connection), 'sqlite')
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

/** Applies the first migration that is missing; true when more are. */
function applyNext(connection: Connection, all: readonly Migration[]): boolean {
  connection.exec('begin immediate')
  try {
    const [next, ...later] = missing(connection, all)
    if (next !== undefined) apply(connection, next)
    connection.exec('commit')
    return later.length > 0
  } catch (error) {
    if (connection.isTransaction) connection.exec('rollback')
    throw error
  }
}

function apply(connection: Connection, migration: Migration): void {
  const { id, name, checksum } = record(migration, 'sqlite')
  connection.exec(migration.sqlite)
  connection.exec(
    `insert into hivewax_migrations (id, name, checksum, applied_at)
     values (${id}, '${name}', '${checksum}', strftime('%F %R:%f', 'now'));
     pragma user_version=${id}; pragma application_id=${applicationId}`,
  )
}
