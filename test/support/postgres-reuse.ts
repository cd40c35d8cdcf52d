import pg from 'pg'
import { uuidv7 } from '../../src/util/ids.ts'
import { connectTo, copyPostgresTemplate, dropPostgresCopy } from './templates.ts'

// Making a database costs 320 ms of CPU, for it has 700 files; emptying one costs a few. So a process keeps those that
// its tests have used through handles of their own, and lends them again.

/** A database that a test has for itself. */
export interface Lent {
  readonly name: string
  readonly url: string
  /** Past hivewax. */
  readonly connection: pg.Pool
  /** What makes it an empty store again, and what its tables were like then. */
  readonly empty: { script: string; shape: string }
}

/** What a test may have left of deleted rows in a database that is lent again: more would slow the next one down. */
const mostBytes = 16 * 2 ** 20

const free: Lent[] = []

/** A name that no other database or schema of the server has. */
export function newName(): string {
  return `test_${uuidv7(Date.now()).replaceAll('-', '')}`
}

/** Lends a database that is an empty store. */
export async function lendDatabase(): Promise<Lent> {
  const kept = free.pop()
  if (kept !== undefined) return kept
  const name = newName()
  const url = await copyPostgresTemplate(name)
  const connection = connectTo(url)
  return { name, url, connection, empty: await describe(connection) }
}

/** Takes it back when the test has ended: its sessions are ended, and it becomes as it was or is dropped. */
export async function takeBack(lent: Lent): Promise<void> {
  if (await makeEmpty(lent)) return void free.push(lent)
  await lent.connection.end()
  await dropPostgresCopy(lent.name)
}

/** @returns false when it cannot be as it was */
async function makeEmpty({ connection, empty }: Lent): Promise<boolean> {
  const others = 'from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()'
  // One that ends by itself at this moment cannot be ended.
  await connection.query(`select pg_terminate_backend(pid, 10000) ${others}`)
  if ((await connection.query(`select 1 ${others}`)).rowCount !== 0) return false
  if ((await sizeOf(connection)) > mostBytes || (await shapeOf(connection)) !== empty.shape) return false
  await connection.query(empty.script)
  return true
}

async function sizeOf(connection: pg.Pool): Promise<number> {
  const { rows } = await connection.query<{ bytes: string }>(
    `select sum(pg_total_relation_size(oid)) as bytes from pg_class
     where relkind = 'r' and relnamespace = current_schema()::regnamespace`,
  )
  return Number(rows[0]?.bytes)
}

async function describe(connection: pg.Pool): Promise<Lent['empty']> {
  const list = 'select tablename as name from pg_tables where schemaname = current_schema()'
  const { rows } = await connection.query<{ name: string }>(list)
  const names = rows.map(({ name }) => name)
  const steps = [
    // Neither triggers nor foreign keys have a say in it.
    "set session_replication_role = 'replica'",
    ...names.map(name => `delete from ${name}`),
    ...(await Promise.all(names.map(name => insertRows(connection, name)))),
    ...(await setSequences(connection)),
  ]
  return { script: steps.join(';'), shape: await shapeOf(connection) }
}

/** The statement that inserts the rows that a table has. */
async function insertRows(connection: pg.Pool, name: string): Promise<string> {
  const { rows } = await connection.query<{ json: string }>(
    `select coalesce(json_agg(t), '[]')::text as json from ${name} t`,
  )
  const json = pg.escapeLiteral(rows[0]?.json ?? '[]')
  return `insert into ${name} select * from json_populate_recordset(null::${name}, ${json})`
}

/** The statements that let the sequences go on from where they are. */
async function setSequences(connection: pg.Pool): Promise<string[]> {
  const { rows } = await connection.query<{ step: string }>(
    `select format('select setval(%L, %s, %L)', sequencename, coalesce(last_value, start_value), last_value is not null)
     as step from pg_sequences where schemaname = current_schema()`,
  )
  return rows.map(({ step }) => step)
}

/** The catalogs that say what a store is made of, and what `analyze` found out; with whose rows are the store's own. */
const catalogs = {
  pg_class: 'oid',
  pg_attribute: 'attrelid',
  pg_constraint: 'oid',
  pg_trigger: 'oid',
  pg_proc: 'oid',
  pg_namespace: 'oid',
  pg_statistic: 'starelid',
}

/** Every statement that changes what a store is made of writes a row of a catalog anew, as a transaction of its own. */
async function shapeOf(connection: pg.Pool): Promise<string> {
  const parts = Object.entries(catalogs).map(
    ([catalog, oid]) => `select concat(tableoid, ctid, xmin) as part from ${catalog} where ${oid} >= 16384`,
  )
  const { rows } = await connection.query<{ shape: string }>(
    `select md5(string_agg(part, ' ' order by part)) as shape from (${parts.join(' union all ')})`,
  )
  return rows[0]?.shape ?? ''
}
