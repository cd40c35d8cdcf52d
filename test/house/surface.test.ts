import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { errorTable } from '../../src/errors.ts'
import * as hivewax from '../../src/index.ts'
import { Memory } from '../../src/memory.ts'
import { operations } from '../../src/operations.ts'
import { inputSchema } from '../../src/schemas.ts'
import { Transaction } from '../../src/transaction.ts'
import { openScratch } from '../support/memory.ts'

const bin = path.join(import.meta.dirname, '../../bin/hivewax.js')

const methods = (type: { prototype: object }) =>
  Object.getOwnPropertyNames(type.prototype).filter(name => name !== 'constructor')

/** What others build on. A change of these files is a change of the contract: say so in the changelog. */
describe('the public surface', () => {
  it('exports these values', async () => {
    await expect(list(Object.keys(hivewax).sort())).toMatchFileSnapshot('surface/exports.txt')
  })

  it('has these methods, by domain', async () => {
    const memory = await openScratch()
    const domains = Object.entries(memory).filter(([, field]) => typeof field === 'object')
    const lines = domains.flatMap(([name, field]) =>
      methods(field.constructor).map(method => `${name}.${method}`),
    )
    await expect(list([...methods(Transaction), ...methods(Memory), ...lines])).toMatchFileSnapshot(
      'surface/methods.txt',
    )
  })

  it('has these error codes, with these meanings', async () => {
    const lines = Object.entries(errorTable).map(
      ([code, { status, exit, retryable }]) => `${code} ${status} ${exit}${retryable ? ' retryable' : ''}`,
    )
    await expect(list(lines)).toMatchFileSnapshot('surface/errors.txt')
  })

  it('has these operations, with these inputs', async () => {
    const lines = operations.map(operation => {
      const { properties = {}, required = [] } = inputSchema(z, operation)
      const fields = Object.keys(properties).map(field => (required.includes(field) ? field : `${field}?`))
      return `${operation.name} ${operation.effect} ${operation.permission} (${fields.join(', ')})`
    })
    await expect(list(lines)).toMatchFileSnapshot('surface/operations.txt')
  })

  it('has this command line', async () => {
    const { stdout } = spawnSync(process.execPath, [bin, 'help', '--all'], {
      encoding: 'utf8',
      env: { ...process.env, NO_COLOR: '1' },
    })
    await expect(stdout).toMatchFileSnapshot('surface/help.txt')
  })
})

function list(lines: readonly string[]): string {
  return `${lines.join('\n')}\n`
}
