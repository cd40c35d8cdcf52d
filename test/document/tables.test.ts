import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import { openScratch } from '../support/memory.ts'
import { blocks } from './blocks.ts'

const ddl = blocks('sql').filter(code => code.startsWith('CREATE TABLE'))

interface Column {
  name: string
  type: string
  notnull: number
  dflt_value: string | null
  pk: number
}

const lower = (text: string | null) => text?.toLowerCase() ?? null

function normal(columns: Column[]): Column[] {
  return columns.map(({ name, type, notnull, dflt_value, pk }) => ({
    name,
    type: type.toUpperCase(),
    notnull,
    dflt_value: lower(dflt_value),
    pk,
  }))
}

describe("the document's tables", () => {
  it('are twelve', () => {
    expect(ddl).toHaveLength(12)
  })

  for (const create of ddl) {
    const table = /CREATE TABLE (\w+)/.exec(create)?.[1] ?? ''

    it(`${table} has the documented columns first, with types, defaults and constraints`, async () => {
      const documented = new DatabaseSync(':memory:')
      documented.exec(create)
      const memory = await openScratch()
      const wanted = normal(documented.prepare(`pragma table_info(${table})`).all() as unknown as Column[])
      const found = (await memory.query(`pragma table_info(${table})`)) as unknown as Column[]
      expect(normal(found).slice(0, wanted.length)).toEqual(wanted)
      const added = found.slice(wanted.length)
      expect(added.filter(column => column.notnull === 1 && column.dflt_value === null)).toEqual([])
      const uniques = `select group_concat(c.name) as columns from pragma_index_list('${table}') as l,
        pragma_index_info(l.name) as c where l.origin = 'u' and l.name like 'sqlite%' group by l.name`
      const ours = (await memory.query(uniques)).map(row => row.columns)
      for (const row of documented.prepare(uniques).all()) expect(ours).toContain(row.columns)
      const keys = `select "from", "table", "to" from pragma_foreign_key_list('${table}')`
      expect(await memory.query(keys)).toEqual(documented.prepare(keys).all())
      const autoincrement = /AUTOINCREMENT/i
      const [row] = await memory.query('select sql from sqlite_schema where name = ?', [table])
      expect(autoincrement.test(String(row?.sql))).toBe(autoincrement.test(create))
    })
  }
})
