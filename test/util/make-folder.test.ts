import fs from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { makeFolder } from '../../src/util/make-folder.ts'
import { scratchFolder } from '../support/memory.ts'

it.each(['whole', 'relative'])('makes a folder and those above it, by a %s path', kind => {
  const inside = path.join(scratchFolder(), 'a/b')
  makeFolder(kind === 'whole' ? inside : path.relative('', inside))
  expect(fs.statSync(inside).mode & 0o777).toBe(0o700)
  expect(fs.statSync(path.dirname(inside)).mode & 0o777).toBe(0o700)
})

it('leaves a folder that is there as it is', () => {
  const folder = scratchFolder()
  fs.chmodSync(folder, 0o755)
  makeFolder(folder)
  expect(fs.statSync(folder).mode & 0o777).toBe(0o755)
})
