import fs from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { stalePages } from '../../scripts/docs/pages.ts'
import { commands } from '../../src/cli/command-tree.ts'
import { errorTable } from '../../src/errors.ts'
import { Memory } from '../../src/memory.ts'
import { operations } from '../../src/operations.ts'
import { Transaction } from '../../src/transaction.ts'
import { openScratch } from '../support/memory.ts'

/** The headings of a page of the reference. */
function headings(page: string): string[] {
  const text = fs.readFileSync(path.join(import.meta.dirname, '../../docs/reference', page), 'utf8')
  return [...text.matchAll(/^### (.*)$/gm)].map(([, heading = '']) => heading)
}

const methods = (type: { prototype: object }) =>
  Object.getOwnPropertyNames(type.prototype).filter(name => name !== 'constructor')

it('is what `npm run docs` would write', async () => {
  expect(await stalePages()).toEqual([])
})

it('has every method of the library', async () => {
  const memory = await openScratch()
  const domains = Object.entries(memory).filter(([, field]) => typeof field === 'object')
  const all = [
    ...[...methods(Transaction), ...methods(Memory)].map(method => `memory.${method}`),
    ...domains.flatMap(([name, field]) =>
      methods(field.constructor).map(method => `memory.${name}.${method}`),
    ),
  ]
  const found = new Set(headings('api.md'))
  expect(all.filter(method => !found.has(method))).toEqual([])
})

it('has every operation, command and code of an error', () => {
  expect(headings('operations.md')).toEqual(operations.map(({ name }) => name))
  expect(headings('cli.md')).toEqual(commands.all.map(({ path: words }) => `hivewax ${words}`))
  expect(headings('errors.md')).toEqual(Object.keys(errorTable))
})
