import fc from 'fast-check'
import { expect, it } from 'vitest'
import { putToml, readToml, removeToml } from '../../src/setup/toml-edit.ts'

const path = ['mcp_servers', 'hivewax'] as const
const fields = { command: '/opt/node "x"/bin\\node', args: ['/a b/hivewax.js', 'mcp'] }

const texts = {
  nothing: '',
  'a line end only': '\n',
  comments: '# mine\n\n# all of it\n',
  'top-level keys': 'model = "gpt" # the model\napproval_policy = "never"\n',
  'no last line end': 'model = "gpt"',
  'other servers': '[mcp_servers.a]\ncommand = "x"\n\n[mcp_servers.a.env]\nA = "1"\n\n# the end\n',
  'line ends of Windows': 'model = "gpt"\r\n\r\n[tui]\r\nx = 1\r\n',
  'a text of several lines': 'notes = """\n[mcp_servers.fake]\n"""\n\n[tui]\nx = 1\n\n\n',
  'an empty table of servers': '[mcp_servers]\n',
}

it.each(Object.entries(texts))('puts a table into TOML and takes it out again: %s', (_, text) => {
  const put = putToml(text, path, fields)
  expect(readToml(put)).toMatchObject({ mcp_servers: { hivewax: fields } })
  expect(putToml(put, path, fields)).toBe(put)
  expect(removeToml(put, path)).toBe(text)
})

it('leaves every byte of whatever blocks there are', () => {
  const blocks = Object.values(texts).filter(
    text => text !== '' && !text.startsWith('model') && !text.includes('\r'),
  )
  fc.assert(
    fc.property(fc.uniqueArray(fc.constantFrom(...blocks), { maxLength: 4 }), parts => {
      const text = parts.join('').replace(/\[tui\]\nx = 1\n\n\n(?=[^[#]*notes)/, '')
      try {
        readToml(text)
      } catch {
        return
      }
      expect(removeToml(putToml(text, path, fields), path)).toBe(text)
    }),
  )
})

it('makes a file where there is none, and says so when nothing else is left of it', () => {
  const put = putToml(undefined, path, fields)
  expect(removeToml(put, path)).toBeUndefined()
})

it('keeps what was added after it, with the comments before that', () => {
  const put = `${putToml('a = 1\n', path, fields)}\n# another\n[mcp_servers.b]\ncommand = "y"\n`
  expect(removeToml(put, path)).toBe('a = 1\n\n# another\n[mcp_servers.b]\ncommand = "y"\n')
})

it('replaces the lines that differ, and keeps others of the table', () => {
  const text = '[mcp_servers.hivewax]\ncommand = "old" # where\nstartup_timeout_sec = 20\n\n[tui]\nx = 1\n'
  const put = putToml(text, path, fields)
  expect(readToml(put)).toEqual({
    mcp_servers: { hivewax: { ...fields, startup_timeout_sec: 20 } },
    tui: { x: 1 },
  })
})

it('takes the tables inside of it out too', () => {
  const put = `${putToml('a = 1\n', path, fields)}\n[mcp_servers.hivewax.env]\nA = "1"\n\n[tui]\nx = 1\n`
  expect(removeToml(put, path)).toBe('a = 1\n\n[tui]\nx = 1\n')
})

it.each([
  ['a = ', /not TOML: see line 1/],
  ['[a]\nb = 1\n[a]\n', /not TOML: see line 3/],
  ['mcp_servers = { a = { command = "x" } }\n', /cannot be edited/],
  ['mcp_servers.hivewax.command = "x"\n', /another form/],
  ['[mcp_servers]\nhivewax = { command = "x" }\n', /another form/],
  ['[mcp_servers.hivewax]\ncommand = "x"\nargs = [\n  "a",\n]\n', /cannot be edited/],
])('refuses %j', (text, message) => {
  expect(() => putToml(text, path, fields)).toThrow(message)
})
