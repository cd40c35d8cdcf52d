import fs from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { stalePages } from '../../scripts/docs/pages.ts'
import { classIn, typesIn } from '../../scripts/docs/source.ts'
import { commands } from '../../src/cli/command-tree.ts'
import { errorTable } from '../../src/errors.ts'
import { Memory } from '../../src/memory.ts'
import { operations } from '../../src/operations.ts'
import { Transaction } from '../../src/transaction.ts'
import { openScratch, scratchFile } from '../support/memory.ts'

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

/** The name of a source file with this text. */
function source(text: string): string {
  const file = scratchFile('source.ts')
  fs.writeFileSync(file, text)
  return path.relative(path.join(import.meta.dirname, '../../src'), file)
}

it('is not written without the types of a file', () => {
  const [one, other] = ['export interface One {\n  a: 1\n}\n', 'export type Other = string\n']
  expect(typesIn(source(`${one}\n${other}`)).map(({ name }) => name)).toEqual(['One', 'Other'])
  expect(() => typesIn(source('const none = 0\n'))).toThrow('of 0 exported types 0 can be read')
  expect(() => typesIn(source(one + other))).toThrow('of 2 exported types 1 can be read')
})

it('is not written without what a method promises', () => {
  const withMethod = (before: string) =>
    source(`/** All. */\nexport class Some {\n${before}  one(): string {\n    return ''\n  }\n}\n`)
  expect(classIn(withMethod('  /** One. */\n'), 'Some').methods).toMatchObject([{ name: 'one', doc: 'One.' }])
  const excused = '  /** One. */\n  // biome-ignore lint/complexity: a reason\n'
  expect(classIn(withMethod(excused), 'Some').methods).toMatchObject([{ name: 'one', doc: 'One.' }])
  expect(() => classIn(withMethod(''), 'Some')).toThrow('Some.one is not documented')
})

it('has every operation, command and code of an error', () => {
  expect(headings('operations.md')).toEqual(operations.map(({ name }) => name))
  expect(headings('cli.md')).toEqual(commands.all.map(({ path: words }) => `hivewax ${words}`))
  expect(headings('errors.md')).toEqual(Object.keys(errorTable))
})
