import type { Client } from '@modelcontextprotocol/client'
import { describe, expect, it, vi } from 'vitest'
import { uriOf } from '../../src/mcp/resources.ts'
import { hivewax } from '../support/cli.ts'
import { openScratch, scratchFolder } from '../support/memory.ts'
import { connectHttp, type Era, eras, httpServer, overHttp, overStdio } from './support.ts'

/** Has the client listen to addresses; what it then hears is added to the list, which is returned. */
async function listenTo(
  era: Era,
  client: Client,
  uris: string[],
): Promise<{ heard: string[]; end: () => Promise<unknown> }> {
  const heard: string[] = []
  client.setNotificationHandler(
    'notifications/resources/updated',
    ({ params }) => void heard.push(params.uri),
  )
  if (era === 'modern') {
    const subscription = await client.listen({ resourceSubscriptions: uris })
    return { heard, end: () => subscription.close() }
  }
  await Promise.all(uris.map(uri => client.subscribeResource({ uri })))
  return { heard, end: () => Promise.all(uris.map(uri => client.unsubscribeResource({ uri }))) }
}

const patiently = { timeout: 30_000, interval: 20 }

describe('a client that listens to records', () => {
  for (const era of eras) {
    it(`hears what another process changes, over stdio: ${era}`, async () => {
      const folder = scratchFolder()
      const other = (...args: string[]) => {
        const ran = hivewax(folder, [...args, '--url', `${folder}/memory.db`])
        expect(ran).toMatchObject({ status: 0 })
      }
      other('store', 'plan', 'first')
      const client = await overStdio(era, folder)
      const plan = uriOf('memory', 'default', 'plan')
      const task = uriOf('tasks', 't/1')
      const shared = uriOf('shared', 'stage')
      const { heard, end } = await listenTo(era, client, [plan, task, shared])
      other('store', 'plan', 'second')
      await vi.waitFor(() => expect(heard).toEqual([plan]), patiently)
      other('tasks', 'create', 'work', '--id', 't/1')
      await vi.waitFor(() => expect(heard).toEqual([plan, task]), patiently)
      other('shared', 'update', 'stage', 'build')
      await vi.waitFor(() => expect(heard).toEqual([plan, task, shared]), patiently)
      other('store', 'something-else', 'x')
      other('delete', 'plan')
      await vi.waitFor(() => expect(heard).toEqual([plan, task, shared, plan]), patiently)
      await end()
      const count = heard.length
      other('store', 'plan', 'third')
      const later = uriOf('memory', 'default', 'later')
      const again = await listenTo(era, client, [later])
      other('store', 'later', 'x')
      await vi.waitFor(() => expect(again.heard).toEqual([later]), patiently)
      expect(heard.length).toBe(count)
    })
  }

  it('hears of changes over HTTP, in the newer protocol', async () => {
    const memory = await openScratch()
    const client = await overHttp('modern', memory)
    const uri = uriOf('memory', 'default', 'plan')
    const { heard } = await listenTo('modern', client, [uri])
    await memory.store('plan', 1)
    await vi.waitFor(() => expect(heard).toEqual([uri]), patiently)
  })

  it('is told over HTTP in the older protocol, which has no sessions here, that it cannot', async () => {
    const client = await overHttp('legacy', await openScratch())
    expect(client.getServerCapabilities()?.resources).toEqual({})
    await expect(client.subscribeResource({ uri: 'hivewax://tasks' })).rejects.toThrow()
  })

  it('hears nothing of what its grant does not cover', async () => {
    const memory = await openScratch()
    const grant = { principal: 'guest', permissions: ['memory:read'], namespaces: ['open'] } as const
    const client = await overHttp('modern', memory, grant)
    const secret = uriOf('memory', 'secret', 'plan')
    const open = uriOf('memory', 'open', 'plan')
    const { heard } = await listenTo('modern', client, [secret, open])
    await memory.store('plan', 1, { namespace: 'secret' })
    await memory.store('plan', 1, { namespace: 'open' })
    await vi.waitFor(() => expect(heard).toEqual([open]), patiently)
    await expect(client.readResource({ uri: secret })).rejects.toThrow('forbidden')
  })

  it('has its stream ended when the server closes', async () => {
    const { url, handle } = await httpServer(await openScratch())
    const client = await connectHttp('modern', url)
    const subscription = await client.listen({ resourceSubscriptions: ['hivewax://tasks'] })
    await handle.close()
    expect(await subscription.closed).toBe('graceful')
  })
})
