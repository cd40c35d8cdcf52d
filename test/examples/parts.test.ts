import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { bar, cell, clip, duration, printable } from '../../examples/swarm/display.ts'
import { quote } from '../../examples/swarm/main/command-line.ts'
import { batches } from '../../examples/swarm/planner/batches.ts'
import { scan } from '../../examples/swarm/planner/scan.ts'
import { stretches, track } from '../../examples/swarm/recall/timeline.ts'
import { buildGraph, findFile } from '../../examples/swarm/worker/graph.ts'
import { scratchFolder } from '../support/memory.ts'

describe('scan', () => {
  test('finds files by path, without links and the folders that tools fill', async () => {
    const folder = withFiles('b.ts', 'a/c.ts', 'node_modules/x.js', 'a/dist/y.js', '.swarm/memory.db')
    fs.symlinkSync('b.ts', path.join(folder, 'link.ts'))
    expect(await paths(folder)).toEqual(['a/c.ts', 'b.ts'])
  })

  test('leaves out what git ignores', async () => {
    const folder = withFiles('kept.ts', 'secret.env', 'build/out.js')
    fs.writeFileSync(path.join(folder, '.gitignore'), '*.env\nbuild/\n')
    execFileSync('git', ['init', '--quiet', folder])
    expect(await paths(folder)).toEqual(['.gitignore', 'kept.ts'])
  })

  test('stops at the limit and says so', async () => {
    const found = await scan(withFiles('a', 'b', 'c'), 2)
    expect(found).toMatchObject({ files: [{ path: 'a' }, { path: 'b' }], isCut: true })
  })
})

function withFiles(...files: string[]): string {
  const folder = scratchFolder()
  for (const file of files) {
    fs.mkdirSync(path.join(folder, path.dirname(file)), { recursive: true })
    fs.writeFileSync(path.join(folder, file), file)
  }
  return folder
}

async function paths(folder: string): Promise<string[]> {
  return (await scan(folder)).files.map(file => file.path)
}

describe('batches', () => {
  const files = (folder: string, count: number, bytes = 1) =>
    Array.from({ length: count }, (_, i) => ({ path: `${folder}/${i}`, bytes }))

  test('keep a folder together, divide a large one and join small ones, the heaviest first', () => {
    const found = batches([...files('a', 2), ...files('b', 3), ...files('c', 7), ...files('d', 50, 9)])
    expect(found.map(({ folder, files }) => [folder, files.length])).toEqual([
      ['d/', 40],
      ['d/', 10],
      ['a/ … c/', 12],
    ])
  })

  test('hold every file once', () => {
    const all = [...files('a', 45), ...files('b', 1)]
    expect(
      batches(all)
        .flatMap(batch => batch.files)
        .sort(),
    ).toEqual(all.map(file => file.path).sort())
    expect(batches([])).toEqual([])
  })
})

describe('the import graph', () => {
  test.each([
    ['src/a.ts', './b.ts', 'src/b.ts'],
    ['src/a.ts', './b.js', 'src/b.ts'],
    ['src/a.ts', '../lib', 'lib/index.ts'],
    ['src/a.ts', 'vitest', undefined],
    ['app/main.py', '.util', 'app/util.py'],
    ['app/sub/x.py', '..util', 'app/util.py'],
    ['main.py', 'app.util', 'app/util.py'],
    ['src/main.rs', 'parser', 'src/parser.rs'],
    ['src/parser.rs', 'lexer', 'src/parser/lexer.rs'],
    ['src/parser/lexer.rs', 'crate::parser', 'src/parser.rs'],
    ['c/main.c', 'own.h', 'c/own.h'],
  ])('finds for %s what %s means', (from, specifier, file) => {
    const known = new Set([
      'src/b.ts',
      'lib/index.ts',
      'app/util.py',
      'src/parser.rs',
      'src/parser/lexer.rs',
      'c/own.h',
    ])
    expect(findFile(from, specifier, known)).toBe(file)
  })

  test('counts each link once, in both directions, and packages by the files that import them', () => {
    const graph = buildGraph(
      new Map([
        ['a.ts', ['./b.ts', './b.js', './a.ts', '@x/y/z', './missing.ts']],
        ['b.ts', ['@x/y', 'node:fs']],
      ]),
    )
    expect(graph.links).toBe(1)
    expect(graph.files.get('a.ts')).toEqual({ imports: ['b.ts'], importedBy: [] })
    expect(graph.files.get('b.ts')).toEqual({ imports: [], importedBy: ['a.ts'] })
    expect(graph.packages).toEqual([
      ['@x/y', 2],
      ['node:fs', 1],
    ])
  })
})

describe('the timeline', () => {
  const event = (type: string, source: string, ms: number, data: object = { taskId: 't' }) => ({
    type,
    source,
    data,
    timestamp: new Date(ms),
  })

  test('shows from when to when each agent worked, and where one died', () => {
    const found = stretches(
      [
        event('task.claimed', 'a', 1_000),
        event('process.killed', 'main', 1_300, { taskId: 't', agent: 'a' }),
        event('task.claimed', 'b', 1_500),
        event('task.completed', 'b', 2_000),
      ],
      1_000,
    )
    expect(found).toEqual([
      { agent: 'a', from: 0, to: 300, died: true },
      { agent: 'b', from: 500, to: 1_000, died: false },
    ])
    expect(track(found.slice(0, 1), 1_000, 10)).toBe('███✗······')
    expect(track(found.slice(1), 1_000, 10)).toBe('·····█████')
  })
})

describe('the display', () => {
  test('draws bars in eighths, and something never as nothing', () => {
    expect(bar(1, 2, 4)).toBe('██  ')
    expect(bar(3, 16, 4)).toBe('▊   ')
    expect(bar(1, 10_000, 4)).toBe('▏   ')
    expect(bar(0, 5, 4)).toBe('    ')
    expect(bar(0, 0, 4)).toBe('    ')
  })

  test('fits text to a width, and lets no file name move the cursor', () => {
    expect(cell('abc', 5)).toBe('abc  ')
    expect(cell('src/a/long/path.ts', 9)).toBe('src/…h.ts')
    expect(clip('abcdef', 4)).toBe('abc…')
    expect(printable('a\u001b[2Jb\nc')).toBe('a\u{fffd}[2Jb\u{fffd}c')
  })

  test('tells durations in the unit that suits them', () => {
    expect([0.4213, 12.3, 310, 2_140].map(duration)).toEqual(['0.42 ms', '12 ms', '310 ms', '2.1 s'])
  })

  test('quotes words for the shell', () => {
    expect(quote('src/a-b.ts')).toBe('src/a-b.ts')
    expect(quote("it's *")).toBe("'it'\\''s *'")
  })
})
