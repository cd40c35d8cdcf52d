import { DatabaseSync } from 'node:sqlite'
import { expect, it } from 'vitest'
import { openMemory } from '../../src/open.ts'
import { emptyFile } from '../support/memory.ts'

/** The tables of which the planner has statistics. */
function analyzed(file: string): unknown[] {
  const db = new DatabaseSync(file)
  const [found] = db.prepare("select 1 from sqlite_schema where name = 'sqlite_stat1'").all()
  const rows = found ? db.prepare('select distinct tbl from sqlite_stat1').all() : []
  db.close()
  return rows.map(({ tbl }) => tbl)
}

async function use(file: string): Promise<void> {
  await using memory = await openMemory(file, { background: false })
  await memory.store('k', 1)
  await memory.tasks.create({ description: 'x' })
}

it('gives the planner statistics of a store that only short programs use, when they close it', async () => {
  const file = emptyFile()
  await use(file)
  expect(analyzed(file)).toEqual(expect.arrayContaining(['memory_store', 'tasks']))
  expect(analyzed(file).filter(table => /find_(data|idx|docsize|config)/.test(String(table)))).toEqual([])
})

it('closes a store all the same while another program writes', async () => {
  const file = emptyFile()
  const memory = await openMemory(file, { background: false })
  await memory.store('k', 1)
  const other = new DatabaseSync(file)
  other.exec('begin immediate')
  await memory.close()
  other.close()
  expect(analyzed(file)).not.toContain('memory_store')
  await use(file)
  expect(analyzed(file)).toContain('memory_store')
})
