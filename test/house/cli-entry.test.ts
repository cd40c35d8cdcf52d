import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { canRun, requiredNode } from '../../bin/node-version.js'
import { oldNode } from './old-node.ts'

const root = join(import.meta.dirname, '../..')
const entry = join(root, 'bin/hivewax.js')

test('an old Node is told in one line what is needed, and exits with 2', context => {
  const run = spawnSync(oldNode(context), [entry, 'retrieve', 'a'], { encoding: 'utf8' })
  expect(run.stderr).toMatch(/^hivewax needs Node 24\.15 or newer; this is Node \d+\.\d+\.\d+\..*\n$/)
  expect(run).toMatchObject({ status: 2, stdout: '' })
})

test('a hook never fails its host because of an old Node', context => {
  const run = spawnSync(oldNode(context), [entry, 'hook', 'session-start'], { encoding: 'utf8' })
  expect(run.stderr).toMatch(/^hivewax needs Node .*\n$/)
  expect(run).toMatchObject({ status: 0, stdout: '' })
})

test.each([
  ['v24.15.0', true],
  ['24.21.0', true],
  ['25.0.0', true],
  ['100.1.0', true],
  ['24.14.9', false],
  ['24.2.0', false],
  ['v20.20.2', false],
  ['9.99.0', false],
  ['none', false],
])('whether Node %s can run hivewax: %s', (version, expected) => {
  expect(canRun(version)).toBe(expected)
})

test('package.json asks for the same Node', () => {
  const { engines, devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  expect(engines.node).toBe(`>=${requiredNode}`)
  expect(canRun(devDependencies.node.replace('^', ''))).toBe(true)
})
