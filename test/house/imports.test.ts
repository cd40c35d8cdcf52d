import fs from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { importsOf, leavingFolder, readTree, valueCycles } from '../support/imports.ts'

const src = path.join(import.meta.dirname, '../../src')

const domains = [
  'kv',
  'sessions',
  'agents',
  'tasks',
  'shared',
  'events',
  'patterns',
  'history',
  'metrics',
  'workflows',
  'topology',
  'consensus',
  'locks',
  'reservations',
  'tokens',
  'find',
  'briefing',
  'maintenance',
]

/** Those that are about the records of all the others. */
const spanning = ['briefing', 'history', 'maintenance']

/** What speaks to callers outside of the process. */
const doors = ['cli', 'mcp', 'http', 'client', 'hooks', 'setup', 'importers', 'markdown', 'adapters']

/** Every import of one source file by another, by path below src/. */
const imports = () => importsOf(readTree(src))

/** The part of the house that a file belongs to. */
function room(file: string): string {
  const [first = ''] = file.split(path.sep)
  if (domains.includes(first)) return 'domain'
  if (['util', 'db', 'store', 'access', 'location', ...doors].includes(first)) return first
  return file
}

/** What each room may import values from, besides itself. Types may come from anywhere below the doors. */
const allowed: Record<string, string[]> = {
  util: ['errors.ts'],
  'errors.ts': [],
  db: ['util', 'errors.ts'],
  'context.ts': [],
  'operation.ts': [],
  'permission.ts': [],
  'schemas.ts': ['util'],
  'view.ts': [],
  location: ['util', 'errors.ts'],
  domain: ['util', 'errors.ts', 'db', 'operation.ts', 'schemas.ts', 'permission.ts'],
  'transaction.ts': ['util', 'errors.ts'],
  'records.ts': ['domain', 'util'],
  'memory.ts': ['transaction.ts', 'domain', 'util', 'errors.ts'],
  'operations.ts': ['domain', 'operation.ts'],
  store: ['records.ts', 'domain', 'memory.ts', 'db', 'util'],
  'open.ts': ['store', 'errors.ts', 'location', 'client'],
  'wire.ts': [],
  'standing-memory.ts': [],
  'version.ts': [],
  client: ['domain', 'memory.ts', 'operations.ts', 'util', 'errors.ts', 'wire.ts', 'location'],
  http: [
    'access',
    'standing-memory.ts',
    'permission.ts',
    'operations.ts',
    'schemas.ts',
    'domain',
    'util',
    'errors.ts',
    'version.ts',
    'wire.ts',
  ],
  access: ['util', 'errors.ts'],
  hooks: ['mcp', 'access', 'open.ts', 'location', 'domain', 'util', 'errors.ts'],
  setup: ['hooks', 'open.ts', 'location', 'operation.ts', 'util', 'errors.ts'],
  adapters: ['util', 'errors.ts'],
  mcp: [
    'adapters',
    'access',
    'standing-memory.ts',
    'operations.ts',
    'schemas.ts',
    'util',
    'errors.ts',
    'version.ts',
  ],
  markdown: ['util', 'errors.ts', 'db', 'domain'],
  importers: ['util', 'errors.ts', 'db', 'domain', 'markdown', 'location', 'open.ts'],
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
    'importers',
    'markdown',
    'permission.ts',
  ],
  cli: [
    'schemas.ts',
    'access',
    'open.ts',
    'standing-memory.ts',
    'operations.ts',
    'operation.ts',
    'view.ts',
    'domain',
    'errors.ts',
    'util',
    'location',
    'importers',
    'markdown',
    'mcp',
    'http',
    'hooks',
    'setup',
    'version.ts',
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

it('has no two files that import values of each other, by whatever detour', () => {
  expect(valueCycles(imports())).toEqual([])
})

it('lets the database know nothing of what is built on it, types included', () => {
  expect(
    leavingFolder(imports(), 'db').filter(({ to }) => !['util', 'errors.ts'].includes(room(to))),
  ).toEqual([])
})

it('notices a cycle of values, and a type that leaves its folder', () => {
  const files = {
    'context.ts': "import type { Db } from './db/db.ts'\nexport interface Context { db: Db }",
    'db/db.ts': "import type { Context } from '../context.ts'\nexport type Db = { of: Context }",
    'db/a.ts': "import type { Db } from './db.ts'\nimport { b, type B } from './b.ts'",
    'db/b.ts': "import { c } from './sub/c.ts'\nexport type B = 1\nexport const b = c",
    'db/sub/c.ts': "import {\n  type Db,\n} from '../db.ts'\nexport * from '../a.ts'\nexport const c = 1",
    'db/d.ts': "import { c } from './sub/c.ts'\nexport const d = () => import('./e.ts')",
    'db/e.ts': "import { d } from './d.ts'\nimport fs from 'node:fs'",
  }
  const found = importsOf(new Map(Object.entries(files)))
  expect(valueCycles(found)).toEqual([['db/a.ts', 'db/b.ts', 'db/sub/c.ts']])
  expect(leavingFolder(found, 'db')).toMatchObject([{ from: 'db/db.ts', to: 'context.ts', typeOnly: true }])
  const withoutType = files['db/a.ts'].replace('b, type B', 'type B')
  expect(valueCycles(importsOf(new Map(Object.entries({ ...files, 'db/a.ts': withoutType }))))).toEqual([])
})

it('keeps domains apart: they know only types of each other', () => {
  const folder = (file: string) => file.split(path.sep)[0]
  const wrong = imports().filter(
    ({ from, to, typeOnly }) =>
      room(from) === 'domain' && room(to) === 'domain' && folder(from) !== folder(to) && !typeOnly,
  )
  expect(wrong.filter(({ from }) => !spanning.includes(folder(from) ?? ''))).toEqual([])
})

it('keeps the database out of the domains, and the doors out of everything', () => {
  const wrong = imports().filter(
    ({ from, to }) =>
      (room(from) === 'domain' && /^db\/(sqlite|postgres|backup|worker)/.test(to)) ||
      (room(to) === 'cli' && room(from) !== 'cli'),
  )
  expect(wrong).toEqual([])
})

it('loads zod in no command that does without: schemas receive it', () => {
  const files = fs
    .readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter(file => file.endsWith('.ts'))
  const loading = files.filter(file =>
    /^import (?!type).*from 'zod'/m.test(fs.readFileSync(path.join(src, file), 'utf8')),
  )
  expect(loading.filter(file => !/^(cli|mcp|http)/.test(file))).toEqual([])
})
