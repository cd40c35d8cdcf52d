import { describe, expect, it } from 'vitest'
import { coerce } from '../../src/cli/coerce.ts'
import type { Command, Field } from '../../src/cli/command.ts'
import { CommandTree, commands } from '../../src/cli/command-tree.ts'
import { flagFields } from '../../src/cli/flags.ts'
import { parse } from '../../src/cli/parse.ts'
import { splitWords } from '../../src/cli/split-words.ts'
import { editDistance, nearest } from '../../src/util/nearest.ts'

const text = (name: string, more: Partial<Field> = {}): Field => ({
  name,
  type: 'text',
  description: '',
  ...more,
})

function command(path: string, positionals: Field[], options: Field[] = []): Command {
  return { path, summary: '', effect: 'write', positionals, options, examples: [] }
}

const tree = new CommandTree(
  [
    command(
      'put',
      [text('key', { isRequired: true }), text('value')],
      [
        text('nameSpace'),
        text('size', { type: 'number' }),
        text('force', { type: 'boolean', short: 'f' }),
        text('loud', { type: 'boolean', short: 'l' }),
        text('level', { short: 'n' }),
      ],
    ),
    command('many get', [text('name'), text('keys', { isList: true })]),
  ],
  [],
)

/** What a command line gives each field, by name. */
function read(...args: string[]): Record<string, unknown> {
  const { texts, flags, problem } = parse(args, tree)
  if (problem !== undefined) throw problem
  return { ...flags, ...Object.fromEntries([...texts].map(([{ name }, given]) => [name, given])) }
}

describe('a command line', () => {
  it.each([
    ['values in their places', ['put', 'a', 'b'], { key: ['a'], value: ['b'] }],
    [
      'options anywhere, after the command',
      ['put', '--name-space', 'n', 'a', '--size=3', 'b'],
      { nameSpace: ['n'], key: ['a'], size: ['3'], value: ['b'] },
    ],
    [
      'options as the library spells them',
      ['put', 'a', '--nameSpace', 'n'],
      { key: ['a'], nameSpace: ['n'] },
    ],
    ['values by their names', ['put', '--value', 'v', 'k'], { value: ['v'], key: ['k'] }],
    [
      'flags before the command',
      ['--json', '--url', 'x.db', 'put', 'a'],
      { json: true, url: 'x.db', key: ['a'] },
    ],
    ['--db for --url', ['put', 'a', '--db', 'x.db'], { url: 'x.db', key: ['a'] }],
    [
      'switches on and off',
      ['put', 'a', '--force', '--no-loud', '--no-color'],
      { key: ['a'], force: ['true'], loud: ['false'], color: false },
    ],
    ['a switch with a value', ['put', 'a', '--force=false'], { key: ['a'], force: ['false'] }],
    [
      'letters, alone or together',
      ['put', '-flq', 'a', '-n', '5', '-n6'],
      { quiet: true, key: ['a'], force: ['true'], loud: ['true'], level: ['5', '6'] },
    ],
    ['negative numbers and a dash as values', ['put', '-5', '-'], { key: ['-5'], value: ['-'] }],
    [
      'a negative number as the value of an option',
      ['put', 'a', '--size', '-1.5'],
      { key: ['a'], size: ['-1.5'] },
    ],
    ['anything after --', ['put', '--', '--force', '--json'], { key: ['--force'], value: ['--json'] }],
    [
      'a value that begins with dashes, after =',
      ['put', 'a', '--name-space=--x=y'],
      { key: ['a'], nameSpace: ['--x=y'] },
    ],
    ['an empty value', ['put', 'a', '', '--name-space='], { key: ['a'], value: [''], nameSpace: [''] }],
    ['all that is left as the last list', ['many', 'get', 'a', 'b', 'c'], { name: ['a'], keys: ['b', 'c'] }],
    ['options repeated', ['many', 'get', '--keys', 'a', '--keys', 'b'], { keys: ['a', 'b'] }],
  ])('may have %s', (_what, args, expected) => {
    expect(read(...args)).toEqual(expected)
  })

  it.each([
    ['no such command', ['pat', 'a'], 'there is no command "pat"', 'Did you mean hivewax put?'],
    [
      'no such command in a group',
      ['many', 'gte'],
      'there is no command "many gte"',
      'Did you mean hivewax many get?',
    ],
    ['a command of a group alone', ['get'], 'there is no command "get"', 'Did you mean hivewax many get?'],
    [
      'an option before its command',
      ['--size', '3', 'put', 'a'],
      'unknown option --size',
      'Options of a command follow it.',
    ],
    ['an option with a slip', ['put', 'a', '--siez', '3'], 'unknown option --siez', 'Did you mean --size?'],
    [
      'an option without its value',
      ['put', 'a', '--name-space', '--json'],
      '--name-space needs a value',
      '--name-space=VALUE',
    ],
    ['a value too many', ['put', 'a', 'b', 'c d'], 'unexpected argument "c d"', 'Quote values'],
    ['a value too few', ['put'], 'missing KEY', 'hivewax put KEY [VALUE] [options]'],
    [
      'a flag that is no choice',
      ['put', 'a', '--durability', 'some'],
      '--durability must be one of full, normal',
      '',
    ],
  ])('is refused with %s', (_what, args, message, hint) => {
    const { problem } = parse(args, tree)
    expect(problem?.message).toContain(message)
    expect(problem?.hint ?? '').toContain(hint)
  })

  it('keeps its flags when it is refused', () => {
    expect(parse(['put', '--wrong', '--json', '--help'], tree).flags).toEqual({ json: true, help: true })
  })
})

describe('the text of an argument', () => {
  const value = (type: Field['type'], given: string | string[], more: Partial<Field> = {}) =>
    coerce({ what: '--x', field: text('x', { type, ...more }) }, [given].flat())

  it('becomes the value that its field describes', () => {
    expect(value('text', '42')).toBe('42')
    expect(value('number', '-4.2e3')).toBe(-4200)
    expect(value('integer', ['1', '2'])).toBe(2)
    expect(value('mixed', '7')).toBe(7)
    expect(value('mixed', '7d')).toBe('7d')
    expect(value('boolean', 'false')).toBe(false)
    expect(value('json', '{"a":[null]}')).toEqual({ a: [null] })
    expect(value('json', 'plain text')).toBe('plain text')
    expect(value('json', '"42"')).toBe('42')
    expect(value('object', '{"a":1}')).toEqual({ a: 1 })
    expect(value('object', 'agent=coder-1,cached=false,n=2')).toEqual({
      agent: 'coder-1',
      cached: false,
      n: 2,
    })
    expect(value('time', '2026-01-31T12:00:00Z')).toEqual(new Date('2026-01-31T12:00:00Z'))
    expect(value('time', '2026-01-31 12:00+01:00')).toEqual(new Date('2026-01-31T11:00:00Z'))
    expect(value('time', '2026-01-31 12:00')).toEqual(new Date(2026, 0, 31, 12))
    expect(value('time', '2026-01-31')).toEqual(new Date(2026, 0, 31))
  })

  it('is a length of time where the field is one', () => {
    expect(value('seconds', '1h30m')).toBe(5400)
    expect(value('seconds', '0.5')).toBe(0.5)
    expect(value('milliseconds', '+30s')).toBe(30_000)
    expect(() => value('number', '1h', { name: 'limit' })).toThrow('must be a number')
  })

  it('is a time from now when it is signed', () => {
    const hourAgo = value('time', '-1h') as Date
    expect(Math.abs(Date.now() - 3_600_000 - hourAgo.getTime())).toBeLessThan(60_000)
    expect((value('time', '+7d') as Date).getTime()).toBeGreaterThan(Date.now())
  })

  it('of a list is repeated, separated by commas, or a JSON array', () => {
    const list = { isList: true }
    expect(value('text', ['a,b', 'c'], list)).toEqual(['a', 'b', 'c'])
    expect(value('text', '["a,b","c"]', list)).toEqual(['a,b', 'c'])
    expect(value('integer', '1,2', list)).toEqual([1, 2])
    expect(value('json', ['a,b', '{"x":1}'], list)).toEqual(['a,b', { x: 1 }])
  })

  it.each([
    ['number', ''],
    ['number', '0x10'],
    ['number', 'Infinity'],
    ['integer', '1.5'],
    ['integer', '9007199254740993'],
    ['boolean', 'yes'],
    ['time', 'soon'],
    ['time', '+1'],
    ['time', 'May 1'],
    ['time', '2026-13-01'],
    ['object', 'no pairs'],
    ['object', '{"a":1'],
    ['object', '[1]'],
  ] as const)('is refused when it is no %s: %j', (type, given) => {
    expect(() => value(type, given)).toThrow('--x ')
  })

  it('is refused when it is none of the choices', () => {
    expect(() => value('text', 'c', { choices: ['a', 'b'] })).toThrow('--x must be one of a, b, got "c"')
  })
})

describe('a slip of the keyboard', () => {
  it('is one step: a letter more, less, other, or swapped with its neighbour', () => {
    expect(editDistance('store', 'stoer')).toBe(1)
    expect(editDistance('store', 'stre')).toBe(1)
    expect(editDistance('store', 'sttore')).toBe(1)
    expect(editDistance('', 'abc')).toBe(3)
    expect(editDistance('kitten', 'sitting')).toBe(3)
  })

  it('is told apart from another word', () => {
    expect(nearest('serach', ['store', 'search'])).toBe('search')
    expect(nearest('frobnicate', ['store', 'search'])).toBe(undefined)
  })
})

describe('a line of the shell', () => {
  it.each([
    ['store a b', ['store', 'a', 'b']],
    ['store a \'{"x": 1}\'', ['store', 'a', '{"x": 1}']],
    ['store a "say \\"hi\\" \\n"', ['store', 'a', 'say "hi" \\n']],
    ['a\\ b  c', ['a b', 'c']],
    ["--x='a b'c ''", ['--x=a bc', '']],
    ['  ', []],
  ])('is split as a POSIX shell does: %s', (line, words) => {
    expect(splitWords(line)).toEqual(words)
  })

  it.each(["a 'b", 'a "b', 'a\\'])('is refused when a quote stays open: %s', line => {
    expect(() => splitWords(line)).toThrow('not closed')
  })
})

describe('the commands of the operations', () => {
  it('have examples that their own fields accept', () => {
    const wrong = commands.all.flatMap(({ path, examples }) =>
      examples.flatMap(example => {
        const [, line = ''] = /hivewax (.*?)(?: (?:<|>>?) \S+| \| [^"']*)?$/.exec(example) ?? []
        const { command: found, problem, texts } = parse(splitWords(line), commands)
        if (problem !== undefined || found?.path !== path)
          return [{ example, problem: problem?.message, found: found?.path }]
        for (const [field, given] of texts)
          if (!given.includes('-')) coerce({ what: field.name, field }, given)
        return []
      }),
    )
    expect(wrong).toEqual([])
    expect(commands.all.filter(({ examples }) => examples.length === 0)).toEqual([])
  })

  it('describe every value and have no option that a flag hides', () => {
    const flags = new Set(flagFields.map(({ name }) => name))
    const fields = commands.all.flatMap(({ path, positionals, options }) =>
      [...positionals, ...options].map(field => ({ path, ...field })),
    )
    // The one flag that means nothing after a command.
    flags.delete('version')
    expect(fields.filter(({ name }) => flags.has(name))).toEqual([])
    expect(
      fields.filter(({ description }) => description === '').map(({ path, name }) => `${path} ${name}`),
    ).toEqual([])
  })

  it('have a path each', () => {
    const paths = commands.all.map(({ path }) => path)
    expect(new Set(paths).size).toBe(paths.length)
    expect(paths.filter(path => commands.isGroup(path))).toEqual([])
  })
})
