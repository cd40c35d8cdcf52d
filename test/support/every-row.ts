import type { Memory } from '../../src/memory.ts'

/** All rows that hold memory of whatever kind, as one text. */
export async function everyRow(memory: Memory): Promise<string> {
  const tables = ['memory_store', 'agent_memory', 'patterns', 'events']
  const histories = ['memory', 'agent_memory', 'pattern'].map(name => `hivewax_${name}_history`)
  const rows = [...tables, ...histories].map(table => memory.query(`select * from ${table}`))
  return JSON.stringify(await Promise.all(rows))
}
