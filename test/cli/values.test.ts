import fs from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { CommandOutput } from '../../src/cli/work/command-output.ts'
import { document, hivewax } from '../support/cli.ts'
import { scratchFolder } from '../support/memory.ts'

it('keeps a value as it was given, and says what it took as text', () => {
  const folder = scratchFolder()
  const run = (...args: string[]) => hivewax(folder, [...args, '--agent', 'x'])
  expect(run('store', 'version', '1.10').stderr).toContain(
    'VALUE was taken as text, since as a number it would be 1.1; --text says so',
  )
  expect(run('retrieve', 'version').stdout).toBe('1.10\n')
  expect(run('store', 'flag', 'true', '--text').stderr).toBe('')
  expect(document(run('retrieve', 'flag', '--json'))).toEqual({ ok: true, data: 'true' })
  const refused = run('store', 'version', '{"id":12345678901234567890}')
  expect(refused).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('would become 12345678901234567000'),
  })
})

it('reads a value from a file of JSON', () => {
  const folder = scratchFolder()
  const run = (...args: string[]) => hivewax(folder, args)
  fs.writeFileSync(path.join(folder, 'value.json'), '{ "a": [1, 2.50] }\n')
  fs.writeFileSync(path.join(folder, 'half.json'), '{ "a":')
  expect(run('store', 'k', '--json-file', 'value.json').status).toBe(0)
  expect(document(run('retrieve', 'k', '--json'))).toEqual({ ok: true, data: { a: [1, 2.5] } })
  expect(run('store', 'k', '--json-file', 'half.json').stderr).toContain('half.json is not JSON')
  expect(run('store', 'k', '--json-file', 'none.json').stderr).toContain('there is no file none.json')
  expect(run('store', 'k', '1', '--json-file', 'value.json').stderr).toContain('leave out the value')
})

it.each([
  ['1.10\n', '1.10'],
  ['12345678901234567890', '12345678901234567890'],
  ['{"id":12345678901234567890}', '{"id":12345678901234567890}'],
  ['{"ok":true}\n', { ok: true }],
  ['42\n', 42],
])('a task’s command that prints %j has the result %j', (printed, result) => {
  const output = new CommandOutput()
  output.add(Buffer.from(printed))
  expect(output.result()).toEqual(result)
})
