import type { PoolClient } from 'pg'
import { copiedTables } from '../copy/copied-tables.ts'
import { incompleteCopy, progressTable } from '../copy/incomplete-copy.ts'
import type { Check } from '../engine.ts'
import { ourTables } from './store-facts.ts'

/** The server as `doctor` asks for it. */
interface Server {
  version: string
  encoding: string
  fsync: string
  fullPageWrites: string
  synchronousCommit: string
  synchronousStandbys: string
  isStandby: boolean
  autovacuum: string
  user: string
  isSuperuser: boolean
  /** Of the oldest transaction that is open in this database, in seconds. */
  oldestSeconds: number
  dataChecksums: string
  isMigrating: boolean
  invalidIndexes: string[]
  /** Tables in which records that were replaced or deleted take more room than the others. */
  bloated: string[]
}

/** A transaction that is open for longer was most likely forgotten. */
const longSeconds = 15 * 60

/** What there is to say about the server of a store: does it keep what it acknowledges, and does it tidy up? */
export async function checkServer(client: PoolClient): Promise<Check[]> {
  const server = await readServer(client)
  const checks = [version(server), durability(server), role(server), encoding(server), deadRecords(server)]
  return [
    ...checks,
    checksums(server),
    user(server),
    transactions(server),
    indexes(server),
    ...(server.isMigrating ? [incompleteCopy] : []),
  ]
}

async function readServer(client: PoolClient): Promise<Server> {
  const tables = await ourTables(client)
  const { rows } = await client.query<Server>(
    `select current_setting('server_version') as version, current_setting('server_encoding') as encoding,
            current_setting('data_checksums') as "dataChecksums", current_setting('fsync') as fsync, current_setting('full_page_writes') as "fullPageWrites",
            current_setting('synchronous_commit') as "synchronousCommit",
            current_setting('synchronous_standby_names') as "synchronousStandbys",
            cast(current_user as text) as user, current_setting('is_superuser') = 'on' as "isSuperuser",
            pg_is_in_recovery() as "isStandby", current_setting('autovacuum') as autovacuum,
            coalesce((select extract(epoch from max(clock_timestamp() - xact_start)) from pg_stat_activity
                      where datname = current_database() and pid <> pg_backend_pid()), 0) as "oldestSeconds",
            to_regclass('${progressTable}') is not null as "isMigrating",
            array(select cast(cast(indexrelid as regclass) as text) from pg_index x
                  join pg_class c on c.oid = x.indrelid where not indisvalid and c.relname = any ($1)
                  and c.relnamespace = cast(current_schema() as regnamespace)) as "invalidIndexes",
            array(select cast(relname as text) from pg_stat_user_tables where relname = any ($1)
                  and schemaname = current_schema() and n_dead_tup > 100000 and n_dead_tup > n_live_tup) as bloated`,
    [tables.length > 0 ? tables : copiedTables.map(({ name }) => name)],
  )
  const [server] = rows
  if (server === undefined) throw new Error('a select without a table has one row')
  return server
}

function version({ version: found }: Server): Check {
  return { name: 'server', ok: true, message: `PostgreSQL ${found}` }
}

function durability({ fsync, fullPageWrites, synchronousCommit }: Server): Check {
  const name = 'durability'
  const off = Object.entries({ fsync, full_page_writes: fullPageWrites })
    .filter(([, value]) => value === 'off')
    .map(([setting]) => setting)
  if (off.length > 0) {
    return {
      name,
      ok: false,
      message: `${off.join(' and ')} ${off.length > 1 ? 'are' : 'is'} off: a power cut can ruin the whole database`,
      fix: 'Turn it on in postgresql.conf.',
    }
  }
  if (synchronousCommit === 'off') {
    return {
      name,
      ok: false,
      message:
        'synchronous_commit is off: a crash of the server loses writes that were acknowledged just before',
      fix: 'Turn it on in postgresql.conf, or for this user: alter role NAME set synchronous_commit = on.',
    }
  }
  return {
    name,
    ok: true,
    message: `what is acknowledged is on disk (synchronous_commit ${synchronousCommit})`,
  }
}

function role({ isStandby, synchronousStandbys }: Server): Check {
  const name = 'role'
  if (isStandby) {
    const fix = 'Name the primary in the URL.'
    return { name, ok: false, message: 'a standby: it lags behind, and nothing can be written', fix }
  }
  const message =
    synchronousStandbys === ''
      ? 'a primary; no standby is waited for, so a fail-over can lose the last writes'
      : `a primary that waits for standbys (${synchronousStandbys})`
  return { name, ok: true, message }
}

function encoding({ encoding: found }: Server): Check {
  const ok = found === 'UTF8'
  const fix = 'Create the database anew with --encoding=UTF8, and migrate the store to it.'
  return { name: 'encoding', ok, message: `text is kept as ${found}`, ...(!ok && { fix }) }
}

function deadRecords({ bloated, autovacuum }: Server): Check {
  const name = 'dead records'
  if (autovacuum === 'off') {
    const fix = 'Turn it on in postgresql.conf, or run `hivewax vacuum` every hour.'
    return { name, ok: false, message: 'autovacuum is off: nobody removes what was replaced', fix }
  }
  if (bloated.length === 0) return { name, ok: true, message: 'autovacuum keeps up' }
  return {
    name,
    ok: false,
    message: `most records of ${bloated.join(', ')} are dead: autovacuum does not keep up`,
    fix: 'End transactions that are open for long, then run `hivewax vacuum`.',
  }
}

/** Having none is the server's default up to version 17: advice, not a fault. */
function checksums({ dataChecksums }: Server): Check {
  const name = 'checksums'
  if (dataChecksums === 'on') return { name, ok: true, message: 'every page is read with its checksum' }
  const message = 'data_checksums is off: what the disk has changed may be read as right'
  return { name, ok: true, message, fix: 'Stop the server, then run pg_checksums --enable.' }
}

/** Many a database of one machine has no other user: advice, not a fault. */
function user({ user: name, isSuperuser }: Server): Check {
  if (!isSuperuser) return { name: 'user', ok: true, message: `${name} is no superuser of the server` }
  const message = `${name} is a superuser: who can have SQL run by it has the server, and the files of its machine`
  return {
    name: 'user',
    ok: true,
    message,
    fix: 'Give the store to a role of its own, see the guide to PostgreSQL.',
  }
}

function transactions({ oldestSeconds }: Server): Check {
  const ok = oldestSeconds < longSeconds
  const fix = 'Find it in pg_stat_activity by its xact_start, and end its program.'
  const message = ok
    ? 'no transaction is open for long'
    : `a transaction is open for ${Math.round(oldestSeconds / 60)} minutes, so nothing of since then can be tidied up`
  return { name: 'transactions', ok, message, ...(!ok && { fix }) }
}

function indexes({ invalidIndexes }: Server): Check {
  const ok = invalidIndexes.length === 0
  const message = ok ? 'every index is valid' : `the building of ${invalidIndexes.join(', ')} was broken off`
  return { name: 'indexes', ok, message, ...(!ok && { fix: '`hivewax reindex`' }) }
}
