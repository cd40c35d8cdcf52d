import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Json } from '../../src/util/json.ts'
import { type JsonChange, jsonDiff } from '../../src/util/json-diff.ts'

/** An object, or a list by its indexes. */
type Container = { [key: string]: Json }

/** What a JSON Patch makes of a value, by the words of RFC 6902. */
function patched(value: Json, changes: readonly JsonChange[]): Json {
  const root: Container = { '': structuredClone(value) }
  for (const { op, path, value: now, was } of changes) {
    const names = ['', ...path.split('/').slice(1)].map(part =>
      part.replaceAll('~1', '/').replaceAll('~0', '~'),
    )
    const last = names.pop() as string
    const parent = names.reduce((at, name) => at[name] as Container, root)
    if (op !== 'add') expect(parent[last]).toEqual(was)
    if (Array.isArray(parent))
      parent.splice(Number(last), op === 'add' ? 0 : 1, ...(op === 'remove' ? [] : [now]))
    else if (op === 'remove') delete parent[last]
    else
      Object.defineProperty(parent, last, {
        value: now,
        enumerable: true,
        writable: true,
        configurable: true,
      })
  }
  return root[''] as Json
}

const json = fc.letrec<{ json: Json }>(tie => ({
  json: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom<Json>(null, true, 0, 1, 'a', 'b'),
    fc.array(tie('json'), { maxLength: 4 }),
    fc.dictionary(fc.constantFrom('a', 'b', 'a/b', '~1', '0', ''), tie('json'), { maxKeys: 3 }),
  ),
})).json

describe('the difference of two values', () => {
  it('is a patch that makes the second of the first, and empty only where they are the same', () => {
    fc.assert(
      fc.property(json, json, (was, value) => {
        const changes = jsonDiff(was, value)
        expect(patched(was, changes)).toEqual(value)
        expect(jsonDiff(value, value)).toEqual([])
      }),
      { numRuns: 2_000 },
    )
  })

  it('names only what differs', () => {
    expect(jsonDiff({ a: { b: 1, c: [1, 2, 3, 4] } }, { a: { b: 2, c: [1, 3, 4] }, d: null })).toEqual([
      { op: 'replace', path: '/a/b', value: 2, was: 1 },
      { op: 'remove', path: '/a/c/1', value: undefined, was: 2 },
      { op: 'add', path: '/d', value: null, was: undefined },
    ])
    expect(jsonDiff([1, 4], [1, 2, 3, 4])).toEqual([
      { op: 'add', path: '/1', value: 2, was: undefined },
      { op: 'add', path: '/2', value: 3, was: undefined },
    ])
    expect(jsonDiff([1, 1], [1])).toMatchObject([{ op: 'remove', path: '/1' }])
    expect(jsonDiff('a', { a: 1 })).toEqual([{ op: 'replace', path: '', value: { a: 1 }, was: 'a' }])
  })
})
