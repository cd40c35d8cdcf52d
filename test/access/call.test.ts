import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { call } from '../../src/access/call.ts'
import { actingFor } from '../../src/access/grant.ts'
import type { Memory } from '../../src/memory.ts'
import { operations } from '../../src/operations.ts'
import type { Grant } from '../../src/tokens/token.ts'
import { openScratch, scratchFolder } from '../support/memory.ts'

const ask = (memory: Memory, name: string, input?: unknown, options = {}) => {
  const operation = operations.find(each => each.name === name)
  if (operation === undefined) throw new Error(`there is no operation ${name}`)
  return call(operation, input, { memory, ...options })
}

const grant = (more: Partial<Grant>): { grant: Grant } => ({
  grant: { principal: 'ci', permissions: [], ...more },
})

const refused = { code: 'forbidden' }

describe('a call from outside', () => {
  it('runs an operation', async () => {
    const memory = await openScratch()
    await ask(memory, 'kv.store', { key: 'a', value: 1 })
    expect(await ask(memory, 'kv.retrieve', { key: 'a' })).toBe(1)
  })

  it('names the field that is wrong, missing or unknown', async () => {
    const memory = await openScratch()
    const wrong = [
      [{ value: 1 }, 'key'],
      [{ key: 5, value: 1 }, 'key'],
      [{ key: 'a', value: 1, ttl: 'soon' }, 'ttl'],
      [{ key: 'a', value: 1, nameSpace: 'x' }, 'nameSpace'],
      ['text', 'object'],
    ] as const
    for (const [input, field] of wrong)
      await expect(ask(memory, 'kv.store', input)).rejects.toMatchObject({
        code: 'invalid_input',
        message: expect.stringContaining(field),
      })
  })

  it('allows nothing but what the grant names, and admin everything', async () => {
    const memory = await openScratch()
    const may = (permission: Grant['permissions'][number], name: string, input: unknown) =>
      ask(memory, name, input, grant({ permissions: [permission] }))
    await may('memory:write', 'kv.store', { key: 'a', value: 1 })
    await expect(may('memory:read', 'kv.store', { key: 'a', value: 2 })).rejects.toMatchObject(refused)
    await expect(may('memory:write', 'kv.delete', { key: 'a' })).rejects.toMatchObject(refused)
    await expect(may('memory:read', 'maintenance.query', { sql: 'select 1' })).rejects.toMatchObject(refused)
    expect(await may('admin', 'kv.retrieve', { key: 'a' })).toBe(1)
  })

  it('keeps a grant for some namespaces to these', async () => {
    const memory = await openScratch()
    const own = grant({ permissions: ['admin'], namespaces: ['team-*', 'x'] })
    await ask(memory, 'kv.store', { key: 'a', value: 1, namespace: 'team-a' }, own)
    await ask(memory, 'kv.retrieve', { key: 'a', namespace: 'x' }, own)
    const outside = [
      ['kv.store', { key: 'a', value: 1 }],
      ['kv.retrieve', { key: 'a', namespace: 'xx' }],
      ['kv.search', { glob: '*', namespace: '*' }],
      [
        'kv.storeMany',
        {
          records: [
            { key: 'a', value: 1, namespace: 'x' },
            { key: 'b', value: 1 },
          ],
        },
      ],
      ['kv.namespaces', {}],
      ['find.find', { text: 'a' }],
      ['maintenance.query', { sql: 'select 1' }],
      ['maintenance.hotKeys', {}],
    ] as const
    for (const [name, input] of outside)
      await expect(ask(memory, name, input, own), name).rejects.toMatchObject(refused)
    await ask(memory, 'find.find', { text: 'a', namespace: 'x' }, own)
    await ask(memory, 'find.find', { text: 'a', in: ['tasks'] }, own)
  })

  it('knows of every operation on key-value memory which namespaces it touches', () => {
    const silent = operations.filter(({ namespaces }) => namespaces === undefined)
    const touching = silent.filter(({ name }) => /^(kv|find|maintenance)\./.test(name))
    expect(touching.map(({ name }) => name)).toEqual([
      'maintenance.stats',
      'maintenance.doctor',
      'maintenance.vacuum',
      'maintenance.optimize',
      'maintenance.reindex',
      'maintenance.findOrphans',
      'maintenance.cleanupOrphans',
    ])
  })

  it('acts as the agent of the grant, who cannot write in the name of another', async () => {
    const memory = await openScratch()
    const own = grant({ permissions: ['admin'], agentId: 'me' })
    const acting = actingFor(memory, own.grant)
    expect(await ask(acting, 'events.log', { type: 'x' }, own)).toMatchObject({ source: 'me' })
    expect(await ask(memory, 'events.log', { type: 'x', source: 'me' }, own)).toMatchObject({ source: 'me' })
    await expect(ask(memory, 'events.log', { type: 'x', source: 'you' }, own)).rejects.toMatchObject(refused)
    await expect(ask(memory, 'tasks.claim', { agentId: 'you' }, own)).rejects.toMatchObject(refused)
    expect(await ask(memory, 'events.list', { source: 'you' }, own)).toMatchObject({ items: [] })
  })

  it("names no other agent at any depth, nor touches what is another's", async () => {
    const memory = await openScratch()
    const own = grant({ permissions: ['admin'], agentId: 'me' })
    const tries = (who: string) =>
      [
        ['events.logMany', { events: [{ type: 'x' }, { type: 'x', source: who }] }],
        ['tasks.createMany', { tasks: [{ description: 'x', createdBy: who }] }],
        ['tasks.schedule', { id: 's', everyMs: 60_000, task: { description: 'x', createdBy: who } }],
        ['consensus.propose', { key: 'a', value: 1, proposer: who }],
        ['consensus.propose', { key: 'b', value: 1, voters: ['me', 'you'], acceptors: ['me', who] }],
        ['agents.register', { id: who, type: 'coder' }],
        ['agents.update', { id: who, state: {} }],
        ['agents.heartbeat', { id: who }],
        ['agents.storeMemory', { agentId: who, key: 'k', value: 1 }],
        ['agents.delete', { id: who, cascade: true }],
      ] as const
    for (const [name, input] of tries('you'))
      await expect(ask(memory, name, input, own), name).rejects.toMatchObject(refused)
    for (const [name, input] of tries('me')) await ask(memory, name, input, own)
  })

  it('settles by no token that was never given, which another one may get in a moment', async () => {
    const memory = await openScratch()
    const own = grant({ permissions: ['admin'], agentId: 'me' })
    const lock = await memory.as('me').locks.acquire('l')
    const next = { name: 'l', token: lock.token + 1 }
    await expect(ask(memory, 'locks.release', next, own)).rejects.toMatchObject({ code: 'stale_token' })
    expect(await ask(memory, 'locks.release', { name: 'l', token: lock.token }, own)).toBe(true)
    await expect(ask(memory, 'locks.release', next, own)).rejects.toMatchObject({
      code: 'stale_token',
      message: expect.stringContaining('never given'),
    })
    expect(await ask(memory, 'locks.release', { name: 'absent', token: 1 }, own)).toBe(false)
    const lost = await memory.as('you').locks.acquire('l')
    await expect(ask(memory, 'locks.release', { name: 'l', token: lost.token }, own)).rejects.toMatchObject(
      refused,
    )
    await expect(ask(memory, 'locks.renew', { name: 'l', token: lock.token }, own)).rejects.toMatchObject({
      code: 'stale_token',
    })
  })

  it('reads no namespace of others through a file of it, and replaces no file that is not its own', async () => {
    const memory = await openScratch()
    const files = scratchFolder()
    await memory.store('k', 'of b', { namespace: 'b1' })
    await memory.store('k', 'of a', { namespace: 'a1' })
    await ask(memory, 'maintenance.exportNamespace', { namespace: 'b1', path: 'b1.json' }, { files })
    fs.writeFileSync(path.join(files, 'other.json'), 'of somebody')
    const own = {
      ...grant({ permissions: ['memory:write', 'memory:read', 'backup'], namespaces: ['a*'] }),
      files,
    }
    const taken = { path: 'b1.json', namespace: 'a1' }
    await expect(ask(memory, 'maintenance.importNamespace', taken, own)).rejects.toMatchObject(refused)
    expect(await ask(memory, 'kv.retrieve', { key: 'k', namespace: 'a1' }, own)).toBe('of a')
    for (const name of ['b1.json', 'other.json']) {
      const before = fs.readFileSync(path.join(files, name), 'utf8')
      const exported = ask(memory, 'maintenance.exportNamespace', { namespace: 'a1', path: name }, own)
      await expect(exported).rejects.toMatchObject({ code: 'invalid_input' })
      expect(fs.readFileSync(path.join(files, name), 'utf8')).toBe(before)
    }
    for (const name of ['a1.json', 'a1.ndjson'])
      for (let round = 0; round < 2; round++) {
        await ask(memory, 'maintenance.exportNamespace', { namespace: 'a1', path: name }, own)
        expect(
          await ask(memory, 'maintenance.importNamespace', { path: name, namespace: 'a2' }, own),
        ).toMatchObject({
          imported: 1,
        })
      }
  })

  it('lets nobody but who may do everything act as the store itself', async () => {
    const memory = await openScratch()
    const appender = grant({ permissions: ['events:append'] })
    for (const [name, input] of [
      ['events.log', { type: 'x', source: 'system' }],
      ['events.logMany', { events: [{ type: 'x' }, { type: 'x', source: 'system' }] }],
    ] as const)
      await expect(ask(memory, name, input, appender)).rejects.toMatchObject(refused)
    await ask(memory, 'events.log', { type: 'x', source: 'ci' }, appender)
    await ask(memory, 'events.log', { type: 'x', source: 'system' }, grant({ permissions: ['admin'] }))
  })

  it('opens no files but those of the folder that is open to callers', async () => {
    const memory = await openScratch()
    const files = scratchFolder()
    fs.symlinkSync('/tmp', path.join(files, 'out'))
    fs.symlinkSync('/etc/hostname', path.join(files, 'link'))
    const backup = (name: string, options = {}) => ask(memory, 'maintenance.backup', { path: name }, options)
    await expect(backup('a.db')).rejects.toMatchObject(refused)
    for (const name of ['../a.db', '/tmp/a.db', 'out/a.db', 'link', '.', ''])
      await expect(backup(name, { files }), name).rejects.toMatchObject(refused)
    for (const name of ['a\0b', 'x'.repeat(5000), 'nowhere/a.db', 'link/a.db'])
      await expect(backup(name, { files })).rejects.toMatchObject({ code: 'invalid_input' })
    await backup('a.db', { files })
    expect(fs.existsSync(path.join(files, 'a.db'))).toBe(true)
  })
})
