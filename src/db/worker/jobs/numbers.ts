import { versioned } from '../../history/versioned.ts'
import type { Connection } from '../../sqlite/connection.ts'

/*
 * The numbers that callers hold on to and that must never mean two things: revisions, versions, tokens,
 * ballots. A new row of each kind starts above the counter `floor`.
 */

/** Columns of tables with one row, and so one number, for each key. */
const single = [
  { table: 'agents', column: 'incarnation' },
  { table: 'tasks', column: 'token' },
  { table: 'hivewax_locks', column: 'token' },
  { table: 'hivewax_reservations', column: 'token' },
  { table: 'hivewax_event_offsets', column: 'token' },
  { table: 'hivewax_workflow_runs', column: 'token' },
]

/** The tables in which several numbers stand for the same key, present and past ones. Two keys that are told apart by none are lifted as one. */
const series = [
  ...Object.entries(versioned).map(([table, { history, key }]) =>
    [table, history].map(table => ({
      table,
      key: key.map(column => `coalesce(${column}, '')`).join(` || '/' || `),
      column: 'revision',
    })),
  ),
  [
    { table: 'shared_state', key: 'key', column: 'version' },
    { table: 'hivewax_shared_history', key: 'key', column: 'version' },
    { table: 'hivewax_shared_tombstones', key: 'key', column: 'version' },
  ],
  [
    { table: 'workflow_state', key: 'id', column: 'version' },
    { table: 'hivewax_workflow_history', key: 'workflow_id', column: 'version' },
  ],
  [{ table: 'swarm_topology', key: 'swarm_id', column: 'version' }],
  [
    { table: 'consensus_state', key: 'key', column: 'version' },
    { table: 'hivewax_votes', key: 'key', column: 'ballot' },
  ],
]

/** The largest number that `schema` ever issued, of any kind. */
export function highestIssued(connection: Connection, schema: string): number {
  return Number(connection.value(highestIssuedQuery(`${schema}.`)))
}

/** Asks for it, in the language that both engines share. `prefix` goes before the names of tables. */
export function highestIssuedQuery(prefix = ''): string {
  const columns = [...single, ...series.flat()]
  const parts = columns.map(({ table, column }) => `select max(${column}) as n from ${prefix}${table}`)
  parts.push(`select max(value) as n from ${prefix}hivewax_counters where name in ('floor', 'reservations')`)
  return `select max(n) as n from (${parts.join(' union all ')}) as numbers`
}

/**
 * Lifts every number of `schema` above `ceiling`, which is at least its highest, keeping the order of those
 * of one key. They start anew right above it, so that many restores one after another do not double them each
 * time.
 * @returns the floor for rows to come: of a key whose record was deleted the history has numbers too
 */
export function liftAbove(connection: Connection, schema: string, ceiling: number): number {
  // Not by one, which is what a write does: it would leave a version.
  const start = ceiling + 2
  for (const { table, column } of single)
    connection.exec(`update ${schema}.${table} set ${column} = ${start}`)
  for (const tables of series) {
    const numbers = tables.map(
      ({ table, key, column }) => `select ${key} as name, ${column} as n from ${schema}.${table}`,
    )
    connection.exec(`
      create temp table lowest (name text primary key, n integer) without rowid;
      insert into lowest select name, min(n) from (${numbers.join(' union all ')}) group by name`)
    for (const { table, key, column } of tables) {
      connection.exec(`
        update ${schema}.${table}
        set ${column} = ${column} + ${start} - (select n from lowest where lowest.name = ${key})`)
    }
    connection.exec('drop table lowest')
  }
  const histories = Object.values(versioned).map(
    ({ history }) => `select max(revision) + 1 as n from ${schema}.${history} where deleted = 1`,
  )
  return Number(
    connection.value(
      `select max(n) from (select ${ceiling} as n union all ${histories.join(' union all ')}) as numbers`,
    ),
  )
}
