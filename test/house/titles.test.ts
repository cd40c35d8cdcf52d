import fs from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'

const tests = path.join(import.meta.dirname, '..')

/** A title that refers to a rule by its number in a list, at its end in parentheses or at its beginning before a colon. */
const id =
  /\([A-Z]\d{1,2}(?:(?:, | and |–| to )[A-Z]\d{1,2})*\)['`]|\(['`][A-Z]\d{1,2}(?: and [A-Z]\d{1,2}|, [A-Z]\d{1,2})*: /

it('names tests by what users see, and not by the numbers of a list that is not here', () => {
  const files = fs
    .readdirSync(tests, { recursive: true, encoding: 'utf8' })
    .filter(file => file.endsWith('.ts'))
  const found = files.flatMap(file =>
    fs
      .readFileSync(path.join(tests, file), 'utf8')
      .split('\n')
      .filter(line => id.test(line))
      .map(line => `${file}: ${line.trim()}`),
  )
  expect(found).toEqual([])
})
