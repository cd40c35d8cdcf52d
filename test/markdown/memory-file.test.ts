import { describe, expect, it } from 'vitest'
import { FileNames, nameFromPath } from '../../src/markdown/file-names.ts'
import { readMemoryFile, writeMemoryFile } from '../../src/markdown/memory-file.ts'
import type { Json } from '../../src/util/json.ts'
import { rounds, seeded } from '../support/rounds.ts'

const random = seeded()

const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T

/** Pieces of which texts are made that a file, YAML or Markdown could take for something else. */
const pieces = [
  'word',
  ' ',
  '\n',
  '\n\n',
  '---',
  '---\n',
  'key: x\n',
  'checksum: 1\n',
  '```json\n',
  '```',
  '\r',
  '\r\n',
  '\t',
  '"',
  "'",
  ': ',
  ' #',
  '{',
  '[',
  '1.10',
  'true',
  'null',
  '\\',
  'é',
  '🐝',
  '\ufeff',
  '<<<<<<< a',
  '>>>>>>> b',
  '%2F',
  '..',
  '/',
  '//',
  '.md',
  'CON',
  '\u202e',
]

const text = () => Array.from({ length: Math.floor(random() * 8) }, () => pick(pieces)).join('')

function value(depth = 2): Json {
  const kinds = [text, text, () => Math.floor(random() * 1e6) / 8, () => random() < 0.5, () => null]
  if (depth === 0 || random() < 0.6) return pick(kinds)()
  const many = Array.from({ length: Math.floor(random() * 3) }, () => value(depth - 1))
  return random() < 0.5 ? many : Object.fromEntries(many.map((each, i) => [`${text()}${i}`, each]))
}

const time = () => new Date(Date.UTC(2026, 0, 1) + Math.floor(random() * 1e10))

function record() {
  return {
    key: `k${text()}`,
    namespace: `n${text()}`,
    value: value(),
    metadata: random() < 0.5 ? undefined : value(),
    createdAt: time(),
    updatedAt: time(),
    expiresAt: random() < 0.5 ? undefined : time(),
    author:
      random() < 0.3
        ? undefined
        : { agent: `a${text()}`, via: 'cli', importedBy: { agent: text(), via: 'import' } },
  }
}

describe('a record as a file', () => {
  it('reads back as it is, whatever it holds', () => {
    for (let i = 0; i < rounds(5_000); i++) {
      const written = record()
      const read = readMemoryFile(writeMemoryFile(written))
      expect(read).toEqual({ ...written, isEdited: false })
    }
  })

  it('is the same with the line ends that git gives it on Windows, and with a byte order mark', () => {
    for (let i = 0; i < rounds(500); i++) {
      const written = record()
      const file = `\ufeff${writeMemoryFile(written).replaceAll('\n', '\r\n')}`
      expect(readMemoryFile(file)).toEqual({ ...written, isEdited: false })
    }
  })

  it('is known to be edited by any change of a character', () => {
    const file = writeMemoryFile({ ...record(), key: 'k', namespace: 'n', value: 'some text', metadata: [1] })
    for (const [from, to] of [
      ['some text', 'some texts'],
      ['key: k', 'key: l'],
      ['[1]', '[2]'],
      ['\n---\n\n', '\n---\n\n\n'],
    ] as const) {
      expect(readMemoryFile(file.replace(from, to)), to).toMatchObject({ isEdited: true })
    }
  })

  it('may be written by hand, with what it does not say left open', () => {
    expect(readMemoryFile("---\nkey: 'it''s'\nexpires: 2027-01-01\n---\nbody\n")).toMatchObject({
      key: "it's",
      namespace: undefined,
      value: 'body',
      expiresAt: new Date('2027-01-01'),
      updatedAt: undefined,
      isEdited: true,
    })
    expect(readMemoryFile('---\nkey: 5\nvalue: json\n---\n[1]\n')).toMatchObject({ key: '5', value: [1] })
  })

  it('of somebody else is a text, front matter and all', () => {
    for (const file of [
      '# Title\n\ntext\n',
      '---\ntags:\n  - a\nkey: of ours\n---\ntext\n',
      '---\ntitle: x\n---\n',
      '---\n',
    ]) {
      expect(readMemoryFile(file)).toMatchObject({
        key: undefined,
        value: file.replace(/\n$/, ''),
        isEdited: true,
      })
    }
  })

  it.each(['', '\n', '\0\0\0'])('is refused when it is empty: %j', text => {
    expect(() => readMemoryFile(text)).toThrow('it is empty')
  })

  it.each([
    [
      'conflicts that git has marked',
      (file: string) => file.replace('body', '<<<<<<< HEAD\nbody\n=======\nother\n>>>>>>> x'),
      'conflicts',
    ],
    [
      'a line of front matter that is none',
      (file: string) => file.replace('key: k', 'key: k\n  - more'),
      '- more',
    ],
    ['a time that is none', (file: string) => file.replace(/updated: .*/, 'updated: soon'), 'updated'],
    [
      'a field that begins as JSON',
      (file: string) => file.replace('metadata: [1]', 'metadata: [1'),
      'metadata',
    ],
    [
      'a value that is said to be JSON',
      (file: string) => file.replace('metadata', 'value: json\nmetadata'),
      'the value',
    ],
  ])('is refused with %s', (_, damage, message) => {
    const file = writeMemoryFile({
      ...record(),
      key: 'k',
      namespace: 'n',
      value: 'body',
      metadata: [1],
      author: undefined,
    })
    expect(() => readMemoryFile(damage(file))).toThrow(message)
  })
})

describe('the names of files', () => {
  it('are each another one, on any file system, and lead nowhere else', () => {
    const names = new FileNames()
    const folded = new Set<string>()
    const records = new Set<string>()
    const all: string[] = []
    for (let i = 0; i < rounds(10_000); i++) {
      const { namespace, key } = record()
      const long = random() < 0.05 ? 'ü'.repeat(Math.floor(random() * 200)) : ''
      if (records.has(JSON.stringify([namespace, key + long]))) continue
      records.add(JSON.stringify([namespace, key + long]))
      const name = names.next(namespace, key + long)
      all.push(name)
      folded.add(name.normalize('NFC').toLowerCase())
      for (const part of name.split('/')) {
        expect(part).toMatch(/^[^./\\:*?"<>|\n\r\t][^/\\:*?"<>|\n\r\t]*$/u)
        expect(Buffer.byteLength(part)).toBeLessThanOrEqual(200)
      }
    }
    expect(folded.size).toBe(all.length)
    const folders = new Set(all.map(name => name.slice(0, name.lastIndexOf('/')).toLowerCase()))
    for (const name of all) expect(folders).not.toContain(name.toLowerCase())
  })

  it('are known to be taken in any case, so that a file which only its case tells apart is not removed', () => {
    const names = new FileNames()
    const name = names.next('default', 'Decision/DB')
    expect(names.has(name.toLowerCase())).toBe(true)
    expect(names.has('default/other.md')).toBe(false)
    expect(names.next('default', 'decision/db')).not.toBe(name.toLowerCase())
  })

  it('say what the record is called', () => {
    for (const [namespace, key] of [
      ['default', 'decision/db'],
      ['a/b', 'it is: so?'],
      ['ü', '.hidden/..'],
      ['n', 'CON/x.md/y'],
    ] as const)
      expect(nameFromPath(new FileNames().next(namespace, key))).toEqual({ namespace, key })
  })
})
