import { describe, expect, it } from 'vitest'
import { engines } from '../support/engines.ts'
import { described, ofPostgres, ofSqlite } from './catalog.ts'
import { tables } from './tables.ts'

const read = { sqlite: ofSqlite, postgres: ofPostgres }

describe.each(engines)('the tables of the contract on $name', ({ name, open }) => {
  it('are twelve, and each has its columns first, with their types, defaults and constraints', async () => {
    expect(Object.keys(tables)).toHaveLength(12)
    const memory = await open()
    for (const [table, contract] of Object.entries(tables)) {
      const wanted = described(contract)
      const found = await read[name](memory, table)
      const { length } = wanted.columns
      expect([table, found.columns.slice(0, length)]).toEqual([table, wanted.columns])
      // An insert that knows the contract's columns alone is accepted.
      const hindering = found.columns
        .slice(length)
        .filter(([, { required, default: value }]) => required && value === undefined)
      expect([table, hindering]).toEqual([table, []])
      expect([table, found.unique]).toEqual([table, wanted.unique])
      expect([table, found.references]).toEqual([table, wanted.references])
    }
  })
})
