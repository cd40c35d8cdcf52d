import { describe, expect, test } from 'vitest'
import { hashOf, measure } from '../../examples/swarm/analyse.ts'

const read = (file: string, text: string) => measure(file, Buffer.from(text))

describe('measure', () => {
  test('counts lines as editors do, whether or not the last one ends', () => {
    expect(read('a.txt', '').lines).toBe(0)
    expect(read('a.txt', 'one').lines).toBe(1)
    expect(read('a.txt', 'one\n').lines).toBe(1)
    expect(read('a.txt', 'one\ntwo').lines).toBe(2)
    expect(read('a.txt', '\n\n').lines).toBe(2)
  })

  test.each([
    [
      'a.ts',
      "import a from './a.ts'\nexport * from \"b/c\"\nimport 'd'\nawait import('./e.js')",
      ['./a.ts', './e.js', 'b/c', 'd'],
    ],
    ['a.cjs', "const fs = require('node:fs')", ['node:fs']],
    ['a.ts', "Array.from(', ')\nconst from = ', '\nselect * from '$2'", []],
    [
      'a.py',
      'import os.path\nfrom . import x\nfrom .util import y\n  # import no',
      ['.', '.util', 'os.path'],
    ],
    ['a.go', 'import "fmt"\nimport (\n\t"os"\n\tx "net/http"\n)', ['fmt', 'net/http', 'os']],
    ['a.rs', 'use std::fs;\npub mod parser;\n', ['parser', 'std::fs']],
    ['a.c', '#include <stdio.h>\n# include "own.h"\n', ['own.h', 'stdio.h']],
    ['A.java', 'import java.util.List;\nimport static a.B.c;\n', ['a.B.c', 'java.util.List']],
    ['a.rb', "require 'json'\nrequire_relative 'own'\n", ['json', 'own']],
    ['a.sh', '#!/bin/sh\n. ./own.sh\n', ['./own.sh']],
    ['a.txt', "import './a.ts'", []],
  ])('finds the imports of %s', (file, text, imports) => {
    expect(read(file, text).imports).toEqual(imports)
  })

  test.each([
    [
      'a.ts',
      'export function long(\n  a: number,\n): void {\n  a\n\n  a\n}\nconst short = () => {\n}\n',
      'long',
      7,
    ],
    ['a.ts', 'class A {\n  async run(): Promise<void> {\n    if (x) {\n    }\n  }\n}\n', 'run', 4],
    ['a.py', 'def long(a):\n    b\n\n    c\nd = 1\n', 'long', 4],
    ['a.go', 'func (s *S) Do(x int) {\n\tx++\n}\n', 'Do', 3],
  ])('finds the longest function of %s', (file, text, name, lines) => {
    expect(read(file, text).longestFunction).toEqual({ name, lines })
  })

  test('takes the first heading or comment as what the file is about', () => {
    expect(read('a.md', '# Bees and wax\n\nText').about).toBe('Bees and wax')
    expect(read('a.ts', "import a from 'a'\n\n/** Builds a comb. */\n").about).toBe('Builds a comb.')
    expect(read('a.txt', 'nothing of the kind').about).toBeUndefined()
  })

  test('says whether reading a file that way found anything, where that can be told', () => {
    expect(read('a.json', '{}').understood).toBe(true)
    expect(read('a.json', '{').understood).toBe(false)
    expect(read('a.ts', 'const a = 1').understood).toBe(false)
    expect(read('a.txt', 'text').understood).toBeUndefined()
  })

  test('weighs what is no text, and never breaks a character in two', () => {
    expect(measure('a.png', Buffer.from([1, 0, 2]))).toMatchObject({ language: 'binary', bytes: 3, lines: 0 })
    expect(
      measure('a.ts', Buffer.from([0x2f, 0x2f, 0x20, 0xff, 0xfe, ...Buffer.from('12345678')])).lines,
    ).toBe(1)
    expect(read('a.md', `# ${'a'.repeat(159)}😀`).about?.isWellFormed()).toBe(true)
  })

  test('takes moments even for long lines without an end', () => {
    const text = `function f(${'a,'.repeat(500_000)}\nimport ${' '.repeat(500_000)}`
    expect(read('a.ts', text).lines).toBe(2)
    expect(read('a.py', text).imports).toEqual([])
  })

  test('gives the same content the same hash', () => {
    expect(read('a.ts', 'x').hash).toBe(hashOf(Buffer.from('x')))
    expect(read('a.ts', 'x').hash).not.toBe(read('a.ts', 'y').hash)
  })
})
