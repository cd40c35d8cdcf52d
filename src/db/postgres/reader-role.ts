import type { ClientBase } from 'pg'
import { InvalidInput, Unauthorized } from '../../errors.ts'
import { theRow } from '../rows.ts'

/** What a role may do besides reading the store. */
interface Powers {
  role: string
  /** Roles that it is or can become and that have the run of the server or its machine. */
  mighty: string[]
  /** Tables of the store that it can change, or could as another role. */
  writable: string[]
}

/** In words of `HIVEWAX_READER`: the role by which the store itself is read and written. */
export const ownerRole = 'owner'

const hint =
  'Create one and name its URL in HIVEWAX_READER, see the guide to PostgreSQL; or let others read as the store does: HIVEWAX_READER=owner.'

/** The error where nobody has said as whom the SQL of others is to run. */
export function noReader(): Unauthorized {
  return new Unauthorized(
    'the SQL of others runs as a role of PostgreSQL that can only read, and none is named',
    { hint },
    'forbidden',
  )
}

/** @throws InvalidInput for what is no URL of a server */
export function checkReader(reader: string): void {
  if (/^postgres(ql)?:\/\//i.test(reader)) return
  throw new InvalidInput('the reader of a store is the URL of a PostgreSQL role, or the word owner', { hint })
}

/** @throws Unauthorized `forbidden` when the role of this connection can do more than read, by itself or as another */
export async function assertOnlyReads(client: ClientBase): Promise<void> {
  const { role, mighty, writable } = theRow((await client.query<Powers>(askPowers)).rows)
  const [table] = writable
  if (mighty.length === 0 && table === undefined) return
  const why = mighty.length > 0 ? `it has the rights of ${mighty.join(', ')}` : `it can write to ${table}`
  throw new Unauthorized(
    `the role ${role} that HIVEWAX_READER names can do more than read: ${why}`,
    { hint },
    'forbidden',
  )
}

/** Of all roles that a statement can become by `set_config('role', …)`. */
const askPowers = `
  with mine as (select oid, rolname, rolsuper from pg_roles where pg_has_role(oid, 'member'))
  select cast(current_user as text) as role,
    array(select cast(case when rolsuper then rolname || ' (superuser)' else rolname end as text) from mine
          where rolsuper or rolname in (
            'pg_execute_server_program', 'pg_read_server_files', 'pg_write_server_files', 'pg_signal_backend')
          order by rolsuper desc, rolname limit 1) as mighty,
    array(select cast(relname as text) from pg_class
          where relnamespace = (select oid from pg_namespace where nspname = current_schema())
            and relkind in ('r', 'p')
            and exists (select 1 from mine
                        where has_table_privilege(mine.oid, pg_class.oid, 'insert, update, delete, truncate'))
          order by relname limit 1) as writable`
