import type { Connection } from '../connection.ts'

/**
 * A number that callers hold on to (a revision, version, token or ballot) and that must never mean two things. The
 * tables in which it stands for the same key, with the column that it has there; `t` is the table.
 */
type Issued = readonly { table: string; key: string; column: string }[]

const issued: readonly Issued[] = [
  [{ table: 'memory_store', key: 't.namespace || char(0) || t.key', column: 'revision' }],
  [{ table: 'agents', key: 't.id', column: 'incarnation' }],
  [{ table: 'tasks', key: 't.id', column: 'token' }],
  [{ table: 'hivewax_locks', key: 't.name', column: 'token' }],
  [
    { table: 'shared_state', key: 't.key', column: 'version' },
    { table: 'hivewax_shared_history', key: 't.key', column: 'version' },
    { table: 'hivewax_shared_tombstones', key: 't.key', column: 'version' },
  ],
  [
    { table: 'workflow_state', key: 't.id', column: 'version' },
    { table: 'hivewax_workflow_history', key: 't.workflow_id', column: 'version' },
  ],
  [{ table: 'swarm_topology', key: 't.swarm_id', column: 'version' }],
  [
    { table: 'consensus_state', key: 't.key', column: 'version' },
    { table: 'hivewax_votes', key: 't.key', column: 'ballot' },
  ],
]

/** The largest number that `schema` ever issued, of any kind. */
export function highestIssued(connection: Connection, schema: string): number {
  const parts = issued.flat().map(({ table, column }) => `select max(${column}) from ${schema}.${table}`)
  parts.push(`select value from ${schema}.hivewax_counters where name = 'floor'`)
  return Number(
    connection.value(
      `select max(n) from (${parts.map(part => `select (${part}) as n`).join(' union all ')})`,
    ),
  )
}

/**
 * Lifts every number of `schema` above `ceiling`, keeping the order of those of one key. They start anew right
 * above it, so that many restores one after another do not double them each time.
 */
export function liftAbove(connection: Connection, schema: string, ceiling: number): void {
  for (const group of issued) {
    const numbers = group.map(
      ({ table, key, column }) => `select ${key} as key, ${column} as n from ${schema}.${table} as t`,
    )
    connection.exec(`
      create temp table lowest (key text primary key, n integer) without rowid;
      insert into lowest select key, min(n) from (${numbers.join(' union all ')}) group by key`)
    for (const { table, key, column } of group) {
      connection.exec(`
        update ${schema}.${table} as t
        set ${column} = ${column} + ${ceiling} + 1 - (select n from lowest where lowest.key = ${key})`)
    }
    connection.exec('drop table lowest')
  }
}
