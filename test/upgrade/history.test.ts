import fs from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { record } from '../../src/db/migration.ts'
import { migrations, schemaId } from '../../src/db/migrations/index.ts'
import { engines } from '../support/engines.ts'
import { columns } from './catalog.ts'
import { recordedStores } from './stores.ts'

const folder = path.join(import.meta.dirname, '../../src/db/migrations')

/** The first schema that stores in each engine had. */
const first = { sqlite: 1, postgres: 4 }

/**
 * The full-text index is another one in each engine; only a server needs a row to lock before it has any table, and rows
 * in which those who write at a time note what they do to a count.
 */
const differing = /^hivewax_(find|creation|tally_changes)/

it('every migration is on the list, in the order of the numbers that its file is named by', () => {
  const files = fs.readdirSync(folder).filter(name => /^\d.*\.ts$/.test(name))
  const names = migrations.map(({ id, name }) => `${String(id).padStart(4, '0')}-${name}.ts`)
  expect(names).toEqual(files.sort())
  expect(migrations.map(({ id }) => id)).toEqual(files.map((_, i) => i + 1))
})

it('what a released migration does is never changed: stores remember its checksum', async () => {
  const lines = migrations.map(each => {
    const [sqlite, postgres] = [record(each, 'sqlite'), record(each, 'postgres')]
    return `${each.id} ${each.name}: sqlite ${sqlite.checksum}, postgres ${postgres.checksum}\n`
  })
  await expect(lines.join('')).toMatchFileSnapshot('./checksums.txt')
})

it.each(engines)(
  '$name: a store of every former schema is recorded, to be upgraded in the tests',
  ({ name }) => {
    const recorded = recordedStores.filter(({ engine }) => engine === name).map(({ schema }) => schema)
    for (let id = first[name]; id < schemaId; id++) expect(recorded).toContain(id)
  },
)

it('both engines have the same tables, with the same columns in the same order', async () => {
  const [sqlite, postgres] = await Promise.all(
    engines.map(async ({ scratch, open }) => {
      const location = scratch()
      await open({}, location)
      const tables = Object.entries(await columns(location))
      return Object.fromEntries(tables.filter(([name]) => !differing.test(name)))
    }),
  )
  expect(postgres).toEqual(sqlite)
})
