import fs from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'

const src = path.join(import.meta.dirname, '../../src')

const domains = [
  'kv',
  'sessions',
  'agents',
  'tasks',
  'shared',
  'events',
  'patterns',
  'metrics',
  'workflows',
  'topology',
  'consensus',
  'locks',
  'find',
  'maintenance',
]

interface Import {
  from: string
  to: string
  typeOnly: boolean
}

/** Every import of one source file by another, by path below src/. */
function imports(): Import[] {
  const files = fs
    .readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter(file => file.endsWith('.ts'))
  return files.flatMap(from => {
    const text = fs.readFileSync(path.join(src, from), 'utf8')
    const found = text.matchAll(
      /(?:^|\n)(?:import|export)\s+(type\s)?([^'";]*?)\s*from\s+'(\.[^']+)'|import\('(\.[^']+)'\)/g,
    )
    return [...found].map(([, type, names, fixed, lazy]) => ({
      from,
      to: path.join(path.dirname(from), fixed ?? lazy ?? ''),
      typeOnly: type !== undefined || onlyTypes(names),
    }))
  })
}

function onlyTypes(names = ''): boolean {
  const list =
    /\{([\s\S]*)\}/
      .exec(names)?.[1]
      ?.split(',')
      .map(name => name.trim())
      .filter(Boolean) ?? []
  return list.length > 0 && list.every(name => name.startsWith('type '))
}

/** The part of the house that a file belongs to. */
function room(file: string): string {
  const [first = ''] = file.split(path.sep)
  if (domains.includes(first)) return 'domain'
  if (['util', 'db', 'cli'].includes(first)) return first
  return file
}

/** What each room may import values from, besides itself. Types may come from anywhere below the doors. */
const allowed: Record<string, string[]> = {
  util: ['errors.ts'],
  'errors.ts': [],
  db: ['util', 'errors.ts'],
  'context.ts': [],
  'operation.ts': [],
  'schemas.ts': ['util'],
  'location.ts': ['util', 'errors.ts'],
  domain: ['util', 'errors.ts', 'db', 'operation.ts', 'schemas.ts'],
  'transaction.ts': ['domain', 'util', 'errors.ts', 'db'],
  'memory.ts': ['transaction.ts', 'domain', 'util', 'errors.ts'],
  'operations.ts': ['domain', 'operation.ts'],
  'open.ts': ['domain', 'memory.ts', 'db', 'util', 'errors.ts', 'location.ts'],
  'index.ts': [
    'domain',
    'errors.ts',
    'memory.ts',
    'open.ts',
    'transaction.ts',
    'util',
    'db',
    'operation.ts',
    'operations.ts',
  ],
  cli: [
    'schemas.ts',
    'open.ts',
    'operations.ts',
    'operation.ts',
    'domain',
    'errors.ts',
    'util',
    'location.ts',
    'memory.ts',
    'db',
  ],
}

it('lets imports go one way only', () => {
  const wrong = imports()
    .filter(({ from, to, typeOnly }) => !typeOnly && room(from) !== room(to))
    .filter(({ from, to }) => !allowed[room(from)]?.includes(room(to)))
  expect(wrong).toEqual([])
})

it('keeps domains apart: they know only types of each other', () => {
  const folder = (file: string) => file.split(path.sep)[0]
  const wrong = imports().filter(
    ({ from, to, typeOnly }) =>
      room(from) === 'domain' && room(to) === 'domain' && folder(from) !== folder(to) && !typeOnly,
  )
  expect(wrong.filter(({ from }) => folder(from) !== 'maintenance')).toEqual([])
})

it('keeps the database out of the domains, and the doors out of everything', () => {
  const wrong = imports().filter(
    ({ from, to }) =>
      (room(from) === 'domain' && /^db\/(sqlite|postgres)/.test(to)) ||
      (room(to) === 'cli' && room(from) !== 'cli'),
  )
  expect(wrong).toEqual([])
})

it('loads zod nowhere: schemas receive it', () => {
  const files = fs
    .readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter(file => file.endsWith('.ts'))
  const loading = files.filter(file =>
    /^import (?!type)[^;]*from 'zod'/m.test(fs.readFileSync(path.join(src, file), 'utf8')),
  )
  expect(loading.filter(file => !file.startsWith('cli'))).toEqual([])
})
