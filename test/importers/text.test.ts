import fs from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { importFrom } from '../../src/importers/import-from.ts'
import type { Memory } from '../../src/memory.ts'
import { openScratch, scratchFolder } from '../support/memory.ts'
import { counts } from './counts.ts'
import { at, ms } from './fixtures.ts'

function write(content: unknown, name = 'any-name.txt'): string {
  const file = path.join(scratchFolder(), name)
  fs.writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content))
  return file
}

async function imported(content: unknown, options = {}) {
  const memory = await openScratch()
  return { memory, report: await importFrom(memory, write(content), options) }
}

const lines = (...values: unknown[]) => values.map(value => `${JSON.stringify(value)}\n`).join('')

/** Each file of the old product, by its shape alone: what is counted, and what can be read back. */
const documents: Record<
  string,
  { content: unknown; counted: object; check: (memory: Memory) => Promise<void> }
> = {
  'a memory store of version 2': {
    content: {
      ns1: [{ key: 'a', value: 'one', namespace: 'ns1', timestamp: ms }],
      ns2: [{ key: 'b', value: 'two' }],
    },
    counted: { entries: 'memory 2: 2 added' },
    check: async memory => {
      expect((await memory.kv.get('a', { namespace: 'ns1' }))?.createdAt).toEqual(new Date(ms))
      expect(await memory.retrieve('b', { namespace: 'ns2' })).toBe('two')
    },
  },
  'an export of version 3': {
    content: {
      schema: 'ruflo-memory-export/v1',
      count: 1,
      entries: [
        {
          key: 'k',
          namespace: 'config',
          value: '{"n":1}',
          createdAt: ms,
          updatedAt: ms + 1,
          accessCount: 0,
          size: 7,
        },
      ],
    },
    counted: { entries: 'memory 1: 1 added' },
    check: async memory =>
      expect(await memory.kv.get('k', { namespace: 'config' })).toMatchObject({
        value: { n: 1 },
        updatedAt: new Date(ms + 1),
        metadata: { imported: { from: 'entries' } },
      }),
  },
  'an automatic memory': {
    content: [
      {
        id: 'i',
        key: 't1',
        content: 'done',
        namespace: 'tasks',
        type: 'outcome',
        metadata: { ok: true },
        createdAt: ms,
      },
    ],
    counted: { records: 'memory 1: 1 added' },
    check: async memory =>
      expect((await memory.kv.get('t1', { namespace: 'tasks' }))?.metadata).toEqual({
        ok: true,
        imported: { from: 'records', id: 'i', type: 'outcome' },
      }),
  },
  'a file of agents': {
    content: {
      agents: { a1: { agentId: 'a1', agentType: 'coder', health: 1, createdAt: at } },
      version: '3.0.0',
    },
    counted: { agents: 'agent 1: 1 added' },
    check: async memory =>
      expect(await memory.agents.get('a1')).toMatchObject({
        type: 'coder',
        alive: false,
        createdAt: new Date(at),
      }),
  },
  'a file of tasks': {
    content: {
      tasks: {
        t1: { taskId: 't1', description: 'auth', priority: 'normal', status: 'pending', createdAt: at },
      },
    },
    counted: { tasks: 'task 1: 1 added' },
    check: async memory =>
      expect(await memory.tasks.get('t1')).toMatchObject({
        description: 'auth',
        priority: 'medium',
        payload: { imported: { priority: 'normal' } },
      }),
  },
  'a file of workflows': {
    content: {
      workflows: { w1: { workflowId: 'w1', name: 'build', steps: [{ name: 'lint' }] } },
      templates: { t: { x: 1 } },
    },
    counted: { workflows: 'workflow 2: 2 added' },
    check: async memory => {
      expect(await memory.getWorkflowState('w1')).toMatchObject({ steps: [{ name: 'lint' }] })
      expect(await memory.retrieve('templates', { namespace: 'claude-flow:workflows' })).toEqual({
        templates: { t: { x: 1 } },
      })
    },
  },
  'the state of a hive mind, without its token': {
    content: {
      topology: 'mesh',
      workers: [{ agentId: 'w', agentType: 'coder' }, 'name-only'],
      consensus: { pending: [{ proposalId: 'p1', value: true }], history: [] },
      sharedMemory: { a: 'b' },
      hiveToken: 'secret-of-the-hive',
    },
    counted: {
      sharedMemory: 'shared 1: 1 added',
      consensus: 'memory 1: 1 added',
      workers: 'agent 1: 1 added',
      'hive-mind': 'memory 1: 1 added',
      hiveToken: '– 1: 1 secret',
    },
    check: async memory => {
      expect((await memory.shared.get('a'))?.value).toBe('b')
      expect(await memory.retrieve('state', { namespace: 'claude-flow:hive-mind' })).toEqual({
        topology: 'mesh',
        workers: ['name-only'],
      })
      expect(await memory.query("select 1 from memory_store where value like '%secret-of%'")).toEqual([])
    },
  },
  'a session': {
    content: { sessionId: 's1', name: 'one', savedAt: at, stats: { tasks: 0 } },
    counted: { session: 'session 1: 1 added' },
    check: async memory =>
      expect(await memory.sessions.get('s1')).toMatchObject({
        data: { name: 'one' },
        createdAt: new Date(at),
      }),
  },
  'a log of a policy': {
    content: {
      mode: 'legacy',
      rules: [],
      receipts: [
        { hash: 'h1', payload: { n: 1 } },
        { hash: 'h2', payload: { n: 2 } },
      ],
    },
    counted: { receipts: 'memory 2: 2 added', policy: 'memory 1: 1 added' },
    check: async memory =>
      expect(await memory.retrieve('h2', { namespace: 'claude-flow:receipts' })).toMatchObject({
        payload: { n: 2 },
      }),
  },
  'a file of patterns': {
    content: [
      {
        id: 'p1',
        type: 'action',
        content: 'worked',
        embedding: [1, 2],
        confidence: 0.8,
        createdAt: ms,
        usageCount: 2,
        lastUsedAt: ms,
      },
    ],
    counted: { patterns: 'pattern 1: 1 added', 'patterns.embedding': '– 1: 1 derived' },
    check: async memory =>
      expect(await memory.patterns.get('p1')).toMatchObject({
        patternData: { content: 'worked' },
        confidence: 0.8,
        usageCount: 2,
        createdAt: new Date(ms),
      }),
  },
  'a graph of server-memory': {
    content: lines(
      { type: 'entity', name: 'Anna', entityType: 'person', observations: ['likes tea'] },
      { type: 'relation', from: 'Anna', to: 'Acme', relationType: 'works at' },
    ),
    counted: { entity: 'memory 1: 1 added', relation: 'memory 1: 1 added' },
    check: async memory => {
      expect(await memory.retrieve('Anna', { namespace: 'entities' })).toEqual({
        name: 'Anna',
        entityType: 'person',
        observations: ['likes tea'],
      })
      expect(await memory.retrieve('Anna works at Acme', { namespace: 'relations' })).toMatchObject({
        to: 'Acme',
      })
    },
  },
  'a plain object': {
    content: { theme: 'dark', limits: { n: 1 }, none: null },
    counted: { keys: 'memory 3: 3 added' },
    check: async memory => {
      expect(await memory.retrieve('limits')).toEqual({ n: 1 })
      expect(await memory.retrieve('none')).toBeNull()
    },
  },
  'records in lines, with a byte order mark and an empty line': {
    content: `\uFEFF${lines({ key: 'a', value: 1 })}\n${lines({ id: 'b', anything: true })}`,
    counted: { records: 'memory 2: 2 added' },
    check: async memory => {
      expect(await memory.retrieve('a')).toBe(1)
      expect(await memory.retrieve('b')).toEqual({ id: 'b', anything: true })
    },
  },
}

for (const [name, { content, counted, check }] of Object.entries(documents)) {
  it(`brings ${name}`, async () => {
    const { memory, report } = await imported(content)
    expect(counts(report)).toEqual(counted)
    await check(memory)
  })
}

it('brings our own exports back, in both forms and by whatever name, with times and expiry', async () => {
  const from = await openScratch()
  const expiresAt = new Date(Date.now() + 3_600_000)
  await from.store('key', { n: 1 }, { namespace: 'team', metadata: { by: 'me' }, expiresAt })
  const record = await from.kv.get('key', { namespace: 'team' })
  for (const name of ['export.json', 'export.ndjson']) {
    const file = path.join(scratchFolder(), name)
    await from.exportNamespace('team', file)
    fs.renameSync(file, `${file}.bak`)
    const memory = await openScratch()
    expect(counts(await importFrom(memory, `${file}.bak`))).toEqual({ records: 'memory 1: 1 added' })
    const importedBy = { agent: record?.author?.agent, via: 'import' }
    const author = { ...record?.author, importedBy }
    expect(await memory.kv.get('key', { namespace: 'team' })).toEqual({ ...record, author })
  }
})

it('puts records that name no namespace where it is told to', async () => {
  const { memory } = await imported({ theme: 'dark' }, { namespace: 'team' })
  expect(await memory.retrieve('theme', { namespace: 'team' })).toBe('dark')
})

it('keeps names that no store could hold under shorter ones, and tells what is too large', async () => {
  const long = 'k'.repeat(600)
  const big = 'x'.repeat(2 * 1024 * 1024)
  const { memory, report } = await imported(
    lines(
      { key: long, value: 1 },
      { key: '', value: 2 },
      { key: 'nul\0', value: 3 },
      { key: 'big', value: big },
    ),
  )
  expect(counts(report)).toEqual({ records: 'memory 4: 3 added, 1 refused' })
  expect(report.refusals).toMatchObject([{ name: 'big', section: 'records' }])
  const kept = (await memory.search('k*'))[0]
  expect(kept?.key).toMatch(/^k+…[0-9a-f]{16}$/)
  expect(kept?.metadata).toEqual({ imported: { from: 'records', key: long } })
})

it('replaces only what is older, unless it is told otherwise', async () => {
  const memory = await openScratch()
  await memory.store('a', 'mine')
  const older = write([{ key: 'a', value: 'theirs', updatedAt: ms }])
  const newer = write([{ key: 'a', value: 'later', updatedAt: Date.now() + 1_000_000 }])
  expect(counts(await importFrom(memory, older))).toEqual({ records: 'memory 1: 1 kept' })
  expect(counts(await importFrom(memory, newer, { onConflict: 'skip' }))).toEqual({
    records: 'memory 1: 1 kept',
  })
  expect(await memory.retrieve('a')).toBe('mine')
  expect(counts(await importFrom(memory, newer))).toEqual({ records: 'memory 1: 1 updated' })
  expect(await memory.retrieve('a')).toBe('later')
  expect(counts(await importFrom(memory, older, { onConflict: 'replace' }))).toEqual({
    records: 'memory 1: 1 updated',
  })
  expect(await memory.retrieve('a')).toBe('theirs')
})

it('keeps numbers as text that JavaScript would round', async () => {
  const { memory } = await imported(
    '{"key":"a","value":{"id":12345678901234567890,"share":0.5}}\n{"key":"b","value":1}\n',
  )
  expect(await memory.retrieve('a')).toEqual({ id: '12345678901234567890', share: 0.5 })
})

it('refuses an export of ours in which somebody has written such a number', async () => {
  const memory = await openScratch()
  await memory.store('a', 1)
  const file = path.join(scratchFolder(), 'export.ndjson')
  await memory.maintenance.exportNamespace('default', file)
  fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replace('"value":1', '"value":12345678901234567890'))
  await expect(memory.maintenance.importNamespace(file)).rejects.toThrow(
    'has the number 12345678901234567890, which would become 12345678901234567000',
  )
})
