import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { expect, it } from 'vitest'
import { importFrom } from '../../src/importers/import-from.ts'
import type { Memory } from '../../src/memory.ts'
import { openMemory } from '../../src/open.ts'
import { hook } from '../hooks/run.ts'
import { hivewax } from '../support/cli.ts'
import { openScratch, scratchFolder } from '../support/memory.ts'
import { startHttp } from '../support/server.ts'

const login = os.userInfo().username

async function authorOf(memory: Memory, key: string): Promise<unknown> {
  return (await memory.kv.get(key))?.author
}

it('of the command line are the person, or the agent that it names', async () => {
  const folder = scratchFolder()
  const file = path.join(folder, '.swarm/memory.db')
  await (await openMemory(file)).close()
  hivewax(folder, ['store', 'mine', '1'])
  hivewax(folder, ['store', 'its', '1', '--agent', 'coder-1'])
  const memory = await openScratch({}, file)
  expect(await authorOf(memory, 'mine')).toEqual({ agent: login, via: 'cli' })
  expect(await authorOf(memory, 'its')).toEqual({ agent: 'coder-1', via: 'cli' })
})

it('of a hook are the agent of its session', async () => {
  const folder = scratchFolder()
  const file = path.join(folder, '.swarm/memory.db')
  await (await openMemory(file)).close()
  hook(folder, 'SessionStart', { session_id: '5f0c2a1e-8d7b', cwd: folder, source: 'startup' })
  const memory = await openScratch({}, file)
  const author = { agent: 'claude-code-5f0c2a1e', via: 'hook' }
  expect((await memory.sessions.list()).items).toMatchObject([{ author }])
})

it('of a server are the holder of the token, or the agent that the call names', async () => {
  const memory = await openScratch()
  const { url, token: owner } = await startHttp(memory)
  const { token } = await memory.tokens.create({ principal: 'ada', permissions: ['memory:write'] })
  const through = async (token: string, agentId: string | undefined, key: string) => {
    await using client = await openMemory(url, { token, agentId })
    // A caller's memory says nothing of who it is but by its agent.
    await client.through({ via: 'library', caller: 'the boss' }).store(key, 1)
    return authorOf(memory, key)
  }
  expect(await through(owner, undefined, 'a')).toEqual({ agent: login, via: 'http' })
  expect(await through(token, undefined, 'b')).toEqual({ agent: 'ada', via: 'http' })
  expect(await through(token, 'coder-1', 'c')).toEqual({ agent: 'coder-1', via: 'http' })
})

it('of what is let in are what the program says, whichever agent acts', async () => {
  const memory = await openScratch()
  await memory.through({ via: 'chat', caller: 'ada', session: 's1' }).store('a', 1)
  await memory.through({ via: 'chat', session: 's1' }).as('coder-1').store('b', 1)
  await memory.as('coder-1').through({ via: 'chat' }).store('c', 1)
  expect(await authorOf(memory, 'a')).toEqual({ agent: 'ada', session: 's1', via: 'chat' })
  expect(await authorOf(memory, 'b')).toEqual({ agent: 'coder-1', session: 's1', via: 'chat' })
  expect(await authorOf(memory, 'c')).toEqual({ agent: 'coder-1', via: 'chat' })
  expect(() => memory.through({ via: 'chat', agent: 'x' } as never)).toThrow('agent')
})

it('of an export are kept, beside who brings it in', async () => {
  const file = path.join(scratchFolder(), 'export.ndjson')
  const source = await openScratch()
  await source.as('coder-1').store('a', 1)
  await source.execute("insert into memory_store (key, value) values ('b', '2')")
  await source.exportNamespace('default', file)
  const target = await openScratch()
  await target.as('importer').maintenance.importNamespace(file)
  const importedBy = { agent: 'importer', via: 'import' }
  expect(await authorOf(target, 'a')).toEqual({ agent: 'coder-1', via: 'library', importedBy })
  expect(await authorOf(target, 'b')).toEqual(importedBy)
  // Once more by somebody else: who wrote it stays.
  await target.exportNamespace('default', file)
  const third = await openScratch()
  await third.as('third').maintenance.importNamespace(file)
  expect(await authorOf(third, 'a')).toEqual({
    agent: 'coder-1',
    via: 'library',
    importedBy: { agent: 'third', via: 'import' },
  })
})

it('of records of another program are who brings them in', async () => {
  const folder = scratchFolder()
  fs.writeFileSync(path.join(folder, 'memory.json'), JSON.stringify({ old: 'value' }))
  const memory = await openScratch()
  await importFrom(memory.as('ada'), [path.join(folder, 'memory.json')], {})
  const { items } = await memory.kv.search('*', { namespace: '*' })
  expect(items).toMatchObject([{ author: { agent: 'ada', via: 'import' } }])
})

it('are covered by the hashes of a sealed log', async () => {
  const memory = await openScratch()
  await memory.events.seal()
  const { id } = await memory.as('coder-1').events.log({ type: 'decision', data: 'tabs' })
  expect(await memory.events.verify()).toMatchObject({ ok: true })
  const forged = JSON.stringify({ agent: 'the boss', via: 'library' })
  await memory.execute('update events set author = ? where id = ?', [forged, id])
  expect(await memory.events.verify()).toMatchObject({ ok: false, firstBad: { id, why: 'changed' } })
})

it('that other SQL has made up are none', async () => {
  const memory = await openScratch()
  for (const [i, text] of ['no JSON', '[]', '{"agent":1,"via":"x"}', 'null'].entries()) {
    await memory.execute('insert into memory_store (key, value, author) values (?, ?, ?)', [
      `k${i}`,
      '1',
      text,
    ])
    expect(await authorOf(memory, `k${i}`)).toBeUndefined()
  }
})
