import { DatabaseSync } from 'node:sqlite'
import { checksumColumns } from '../../src/db/checksummed.ts'
import { allChecksums } from '../../src/db/checksums.ts'
import { begunAnew, copiedTables, numberedTables } from '../../src/db/copy/copied-tables.ts'
import { openMemory } from '../../src/open.ts'

interface ColumnInfo {
  name: string
  type: string
  notnull: number
}

/** Makes a store in which every column of every table that is copied has values, with `count` rows in each. */
export async function fillFile(file: string, count: number): Promise<void> {
  await (await openMemory(file, { background: false })).close()
  const db = new DatabaseSync(file)
  db.exec('begin')
  for (const { name } of copiedTables) {
    const columns = columnsOf(db, name)
    const places = columns.map(() => '?').join(', ')
    const insert = db.prepare(`insert into ${name} values (${places})`)
    for (let i = 1; i <= count; i++) {
      const row = Object.fromEntries(columns.map(column => [column.name, fitting(column, i)]))
      insert.run(...Object.values({ ...row, ...allChecksums(name, row) }))
    }
  }
  db.exec(`update hivewax_counters set value = value + 7 where name not in (${own})`)
  // As if the last rows of each table had been deleted.
  db.exec('update sqlite_sequence set seq = seq + 5')
  db.exec('commit')
  db.close()
}

/** Every row of every table that is copied, without its checksums, and the numbers to be issued next, as text by table. */
export function contents(file: string): Record<string, string[]> {
  const db = new DatabaseSync(file, { readOnly: true })
  const all = (text: string) =>
    db
      .prepare(text)
      .all()
      .map(row => JSON.stringify(row))
  const tables = copiedTables.map(({ name, key }) => {
    const columns = columnsOf(db, name).map(column => column.name)
    const kept = columns.filter(column => !checksumColumns(name).includes(column))
    return [name, all(`select ${kept.join(', ')} from ${name} order by ${key.join(', ')}`)]
  })
  const counters = all(`select * from hivewax_counters where name not in (${own}, 'event') order by name`)
  const ids = all(
    `select * from sqlite_sequence where name in (${numberedTables.map(name => `'${name}'`)}) order by name`,
  )
  db.close()
  return { ...Object.fromEntries(tables), counters, ids }
}

function columnsOf(db: DatabaseSync, table: string): ColumnInfo[] {
  return db.prepare(`pragma table_info(${table})`).all() as unknown as ColumnInfo[]
}

/** Counters that say how far a store has gone through its own records. */
const own = begunAnew.map(([name]) => `'${name}'`).join(', ')

/** Columns by which rows refer to each other. */
const references = /^(id|key|workflow_id|agent_id|parent_id|child_id|task_id)$/

const times = /(_at|^timestamp|^deadline|^last_(accessed|active|used))$/

function fitting({ name, type, notnull }: ColumnInfo, i: number): string | number | null {
  const kind = type.toLowerCase()
  if (references.test(name)) return kind === 'integer' ? i : `r${i}`
  if (notnull === 0 && i % 3 === 0) return null
  if (kind === 'integer') return i * 1_000_003
  if (kind === 'real') return i / 3
  if (times.test(name))
    return `2026-01-02 03:04:${String(i % 60).padStart(2, '0')}.${String(i % 1000).padStart(3, '0')}`
  return `${name} ${i} "'\\ \t\n é 世界 🐝 \u0001 ?$1`
}
