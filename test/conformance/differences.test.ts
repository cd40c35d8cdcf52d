import fs from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { beside, differences } from './differences.ts'

it('the differences are of suites that there are', () => {
  for (const suite of [...Object.keys(beside), ...differences.map(each => each.suite)]) {
    const file = path.join(import.meta.dirname, `${suite.replaceAll(' ', '-')}.test.ts`)
    expect(fs.existsSync(file) && fs.readFileSync(file, 'utf8')).toContain(`\nconform('${suite}', `)
  }
})
