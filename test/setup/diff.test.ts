import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { unifiedDiff } from '../../src/setup/diff.ts'
import { scratchFolder } from '../support/memory.ts'

it('shows three lines around each change', () => {
  const before = 'a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\n'
  const after = 'a\nB\nc\nd\ne\nf\ng\nh\ni\nj\nk\nl'
  expect(unifiedDiff('x', before, after).split('\n')).toEqual([
    '--- x',
    '+++ x',
    '@@ -1,5 +1,5 @@',
    ' a',
    '-b',
    '+B',
    ' c',
    ' d',
    ' e',
    '@@ -9,3 +9,4 @@',
    ' i',
    ' j',
    ' k',
    '+l',
    '\\ No newline at end of file',
  ])
})

it('shows a file that is made, and one that is removed', () => {
  expect(unifiedDiff('x', undefined, 'a\n')).toBe('--- /dev/null\n+++ x\n@@ -0,0 +1,1 @@\n+a')
  expect(unifiedDiff('x', 'a\n', undefined)).toBe('--- x\n+++ /dev/null\n@@ -1,1 +0,0 @@\n-a')
})

it('is what git makes of the one text the other with', () => {
  const text = fc
    .tuple(
      fc.array(fc.constantFrom('a', 'b', 'c', ''), { minLength: 1, maxLength: 20 }),
      fc.constantFrom('', '\n'),
    )
    .map(([lines, end]) => `x\n${lines.join('\n')}${end}`)
  const folder = scratchFolder()
  const file = path.join(folder, 'text')
  fc.assert(
    fc.property(text, text, (before, after) => {
      fc.pre(before !== after)
      fs.writeFileSync(file, before)
      const input = `${unifiedDiff('text', before, after)}\n`
      const { stderr } = spawnSync('git', ['apply', '-p0', '--whitespace=nowarn', '-'], {
        cwd: folder,
        input,
        encoding: 'utf8',
      })
      expect([stderr, fs.readFileSync(file, 'utf8')]).toEqual(['', after])
    }),
    { numRuns: 50 },
  )
})
