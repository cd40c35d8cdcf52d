import type { Columns } from '../columns.ts'
import type { Dialect, LockableTable } from '../db.ts'
import { join, raw, type Sql, sql } from '../sql.ts'

/** How a table's records are told apart: what its function `hivewax_keep_…` is called with. */
const keyColumns: Record<LockableTable, readonly string[]> = {
  memory_store: ['key', 'namespace'],
  agent_memory: ['agent_id', 'key'],
  sessions: ['id'],
  agents: ['id'],
  tasks: ['id'],
  patterns: ['id'],
  workflow_state: ['id'],
  consensus_state: ['key'],
  hivewax_locks: ['name'],
  hivewax_event_offsets: ['group_name'],
  hivewax_counters: ['name'],
}

/** The fragments of each table, so that a statement is found again without building its text. */
const fragments = Object.fromEntries(
  Object.entries(keyColumns).map(([table, key]) => {
    const names = key.map((_, i) => `part_${i}`)
    const types = Object.fromEntries(names.map(name => [name, 'text' as const]))
    return [table, { keep: raw(`hivewax_keep_${table}`), names: raw(names.join(', ')), types }]
  }),
) as Record<LockableTable, { keep: Sql; names: Sql; types: Columns }>

/** See `Dialect.lockKeys`: one after the other by their keys, so that of two who want the same ones one waits. */
export function lockKeys(
  { valuesTable: rows }: Pick<Dialect, 'valuesTable'>,
  table: LockableTable,
  keys: readonly (readonly string[])[],
): Sql {
  const { keep, names, types } = fragments[table]
  const [only = []] = keys
  if (keys.length === 1) return sql`select ${keep}(${join(only)})`
  const sorted = [...keys].sort((a, b) => (a.join('\0') < b.join('\0') ? -1 : 1))
  const wanted = sorted.map(key => Object.fromEntries(key.map((part, i) => [`part_${i}`, part])))
  return sql`select ${keep}(${names}) from ${rows(types, wanted)} as wanted`
}
