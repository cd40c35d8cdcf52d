import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { appendJson, at, putJson, readJson, removeJson } from '../../src/setup/json-edit.ts'

const path = ['mcpServers', 'hivewax']
const server = { command: 'node', args: ['bin', 'mcp'] }

const texts = {
  'an empty object': '{}',
  'an empty object over two lines': '{\n}\n',
  'an object of blanks': '{  }',
  'an object with a comment only': '{ // nothing yet\n}\n',
  'other fields': '{\n  "a": 1\n}\n',
  'other fields in one line': '{"a": 1, "b": [2]}',
  'an empty list of servers': '{\n  "mcpServers": {}\n}\n',
  'an empty list of servers over two lines': '{\n  "mcpServers": {\n  }\n}\n',
  'other servers': '{\n  "mcpServers": {\n    "a": {"command": "x"}\n  }\n}\n',
  'other servers in one line': '{"mcpServers": {"a": {"command": "x"}}, "z": 1}\n',
  'a trailing comma': '{\n  "mcpServers": {\n    "a": {},\n  },\n}\n',
  'comments behind values': '{\n  "mcpServers": {\n    "a": {} // the first, "b": {}\n  } /* end */\n}\n',
  'comments between':
    '{\n  // servers\n  "mcpServers": {\n    /* one */ "a": {}, // one\n    // no more\n  }\n}\n',
  'a comment around it': '// settings\n{\n  "a": 1\n}\n// end',
  'line ends of Windows': '{\r\n    "mcpServers": {\r\n        "a": {}\r\n    }\r\n}\r\n',
  tabs: '{\n\t"mcpServers": {\n\t\t"a": {}\n\t}\n}',
  'no line end': '{\n  "a": 1\n}',
  nothing: '',
  'a blank line': '\n',
  'a comment only': '// nothing yet',
  'comments only': '\r\n/* nothing */\r\n// yet\r\n',
}

describe('putting a value into JSON with comments', () => {
  it.each(Object.entries(texts))('and taking it out again leaves what was there: %s', (_, text) => {
    const put = putJson(text, path, server)
    expect(at(readJson(put), path)).toEqual(server)
    expect(removeJson(put, path)).toBe(text)
  })

  it.each(Object.entries(texts))('twice changes nothing: %s', (_, text) => {
    const put = putJson(text, path, server)
    expect(putJson(put, path, server)).toBe(put)
  })

  it('keeps every other value, whatever the text is like', () => {
    const blanks = fc.constantFrom('', ' ', '\n', '\n  ', '\r\n\t', ' // note\n', ' /* a, b */ ')
    const value = fc.constantFrom('1', '"x,}"', '{}', '[]', '[1, {"a": 2}]', '{"k": "//"}')
    const member = fc.tuple(blanks, fc.constantFrom('a', 'b', 'mcp'), blanks, value, blanks)
    const object = fc
      .tuple(fc.uniqueArray(member, { selector: ([, key]) => key, maxLength: 3 }), blanks, fc.boolean())
      .map(([members, end, isTrailing]) => {
        const inside = members.map(([a, key, b, value, c]) => `${a}"${key}":${b}${value}${c}`).join(',')
        return `{${inside}${isTrailing && members.length > 0 ? ',' : ''}${end}}`
      })
    const text = fc
      .tuple(object, object, fc.boolean())
      .map(([outer, inner, isNested]) => (isNested ? outer.replace(/:(\s*)\{\}/, `:$1${inner}`) : outer))
    fc.assert(
      fc.property(text, text => {
        for (const place of [['mcpServers', 'hivewax'], ['a', 'hivewax'], ['hivewax']]) {
          const holder = place.length === 2 ? at(readJson(text), [place[0] ?? '']) : {}
          if (holder !== undefined && (typeof holder !== 'object' || Array.isArray(holder))) continue
          const put = putJson(text, place, server)
          expect(at(readJson(put), place)).toEqual(server)
          expect(removeJson(put, place)).toBe(text)
        }
      }),
      { numRuns: 2_000 },
    )
  })

  it('keeps the fields of an object that is there, and replaces those that differ', () => {
    const text = '{"mcpServers": {"hivewax": {"command": "old", "env": {"A": "1"} /* mine */}}}'
    const put = putJson(text, path, server)
    expect(put).toMatch(/"env": \{"A": "1"\}.* \/\* mine \*\//)
    expect(at(readJson(put), path)).toEqual({ ...server, env: { A: '1' } })
  })

  it('makes a file where there is none, and says so when nothing else is left of it', () => {
    const put = putJson(undefined, path, server)
    expect(JSON.parse(put)).toEqual({ mcpServers: { hivewax: server } })
    expect(removeJson(put, path)).toBeUndefined()
    const added = putJson(put, ['other'], 1)
    expect(JSON.parse(removeJson(added, path) ?? '')).toEqual({ other: 1 })
  })

  it('leaves what was added beside it since', () => {
    const put = putJson('{}', path, server)
    const more = putJson(put, ['mcpServers', 'later'], { command: 'y' })
    expect(JSON.parse(removeJson(more, path) ?? '')).toEqual({ mcpServers: { later: { command: 'y' } } })
  })

  it.each([
    ['{"a": 1', /not JSON: see line 1/],
    ['{\n"a": 1,,\n}', /not JSON: see line 2/],
    ['[]', /no JSON object/],
    ['{"mcpServers": []}', /"mcpServers" is not an object/],
    ['{"mcpServers": null}', /"mcpServers" is not an object/],
    ['{"mcpServers": {}, "mcpServers": {"a": {}}}', /is there twice/],
  ])('refuses %j', (text, message) => {
    expect(() => putJson(text, path, server)).toThrow(message)
  })
})

describe('adding to an array', () => {
  it.each([
    '{}',
    '{"hooks": {"Stop": []}}',
    '{\n  "hooks": {\n    "Stop": [\n      {"a": 1} // mine\n    ]\n  }\n}\n',
    '{"hooks": {"Stop": [1, 2]}}',
  ])('and taking the item out again leaves %j', text => {
    const put = appendJson(text, ['hooks', 'Stop'], { b: 2 })
    const items = at(readJson(put), ['hooks', 'Stop'])
    expect(Array.isArray(items) && items.at(-1)).toEqual({ b: 2 })
    expect(removeJson(put, ['hooks', 'Stop', Array.isArray(items) ? items.length - 1 : 0])).toBe(text)
  })
})
