import { expect, it } from 'vitest'
import { overlap } from '../../src/reservations/overlap.ts'
import { rounds, seeded } from '../support/rounds.ts'

/** Names by which all that is in the globs is told apart, and all paths of up to five of them. */
const names = ['a', 'b', 'c', 'ab', 'bb', 'cb', '[ab]']
const longer = (paths: readonly string[]) => paths.flatMap(path => names.map(name => `${path}/${name}`))
const lengths = [names]
while (lengths.length < 5) lengths.push(longer(lengths.at(-1) ?? []))
const paths = lengths.flat()

/** What a glob means, in the words of a regular expression: another implementation, without an automaton. */
function meaning(glob: string): RegExp {
  const name = glob.slice(glob.lastIndexOf('/') + 1)
  const options = expand(/[*?[]|.\./.test(name) ? glob : `${glob}/**`)
  return new RegExp(`^(?:${options.map(source).join('|')})$`)
}

function expand(glob: string): string[] {
  const braces = /\{([^{}]*,[^{}]*)\}/.exec(glob)
  if (braces === null) return [glob]
  const [whole, inner = ''] = braces
  return inner.split(',').flatMap(option => expand(glob.replace(whole, () => option)))
}

function source(glob: string): string {
  const pieces = glob.match(/^\*\*$|^\*\*\/|(?<=\/)\*\*\/|\/\*\*$|\[!?[^\]/]+\]|[\s\S]/g) ?? []
  return pieces
    .map(piece => {
      if (piece === '**') return '.*'
      if (piece === '**/') return '(?:.*/)?'
      if (piece === '/**') return '(?:/.*)?'
      if (piece === '*') return '[^/]*'
      if (piece === '?') return '[^/]'
      const itself = piece.replaceAll(/[[\]]/g, '\\$&')
      return piece.length === 1 ? itself : `(?:${piece.replace('[!', '[^/')}|${itself})`
    })
    .join('')
}

const segments = ['a', 'b', '*', '?', 'a*', '*b', '[ab]', '[!a]', '{a,b}', '{a,b}*', '?b', '**', '**']

it('decides as a look at every path does', () => {
  const random = seeded()
  const pick = (count: number) => Math.floor(random() * count)
  const glob = () => Array.from({ length: 1 + pick(3) }, () => segments[pick(segments.length)]).join('/')
  let together = 0
  const all = rounds(1_000)
  for (let round = 0; round < all; round++) {
    const [one, other] = [glob(), glob()]
    const [a, b] = [meaning(one), meaning(other)]
    const expected = paths.some(path => a.test(path) && b.test(path))
    expect(overlap(one, other), `${one} and ${other}`).toBe(expected)
    expect(overlap(other, one)).toBe(expected)
    together += Number(expected)
  }
  expect(together).toBeGreaterThan(all / 10)
  expect(together).toBeLessThan(all * 0.9)
})

it.each([
  ['app/[id]/page.tsx', 'app/[id]/page.tsx', true],
  ['app/[id]', 'app/[id]/page.tsx', false],
  ['src', 'src/a.ts', true],
  ['.github', '.github/workflows/x.yml', true],
  ['README.md', '**/*.ts', false],
  ['src/{a,b}/**', 'src/b/deep/x', true],
  ['src/{a,b/**}', 'src/c', false],
  ['src/*.ts', 'src/a/b.ts', false],
  ['**/*.{ts,tsx}', 'src/**/*.tsx', true],
  ['**/*.ts', 'src/**/*.md', false],
  ['[+-9]', 'a/b', false],
  ['a/*/b', 'a/{,c/d}/b', false],
  ['é', 'é', true],
  ['{a}', '{a}', true],
])('%s and %s: %s', (one, other, expected) => {
  expect(overlap(one, other)).toBe(expected)
})

it('comes to an end with globs that lead to a guess at each character', () => {
  expect(overlap('*a'.repeat(128), `${'*b'.repeat(127)}c`)).toBe(false)
})
