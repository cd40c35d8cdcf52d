import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createMcpHandler } from '../../src/mcp/mcp.ts'
import { uriOf } from '../../src/mcp/resources.ts'
import { openMemory } from '../../src/open.ts'
import { type Era, eras } from '../mcp/support.ts'
import { emptyFile, openScratch } from '../support/memory.ts'
import { caller } from '../support/requests.ts'
import { socketsOfServers, startHttp } from '../support/server.ts'
import { openStream } from '../support/sse.ts'

async function start() {
  const file = emptyFile()
  const memory = await openScratch({}, file)
  const serving = await startHttp(memory, { mcp: createMcpHandler({ memory }) })
  const guest = await memory.tokens.create({ principal: 'ci', permissions: ['admin'] })
  const limited = await memory.tokens.create({
    principal: 'agent',
    permissions: ['memory:read', 'memory:write', 'tasks'],
  })
  return { file, memory, serving, guest, limited, owner: caller(serving, serving.token) }
}

async function mcpClient(era: Era, { url }: { url: string }, token: string): Promise<Client> {
  const mode = era === 'legacy' ? 'legacy' : { pin: '2026-07-28' }
  const client = new Client({ name: 'tester', version: '1.0.0' }, { versionNegotiation: { mode } })
  const requestInit = { headers: { authorization: `Bearer ${token}` } }
  await client.connect(new StreamableHTTPClientTransport(new URL(`${url}/mcp`), { requestInit }))
  onTestFinished(() => client.close())
  return client
}

const waiting = { name: 'deploy', owner: 'ghost', waitMs: 60_000 }

describe('a lock for which somebody waits who then leaves', () => {
  const leavers: Record<
    string,
    (parts: Awaited<ReturnType<typeof start>>, signal: AbortSignal) => Promise<unknown>
  > = {
    http: ({ serving }, signal) =>
      fetch(`${serving.url}/v1/locks/acquire`, {
        method: 'POST',
        headers: { authorization: `Bearer ${serving.token}`, 'content-type': 'application/json' },
        body: JSON.stringify(waiting),
        signal,
      }),
    ...Object.fromEntries(
      eras.map(era => [
        `mcp, ${era}`,
        async ({ serving }: Awaited<ReturnType<typeof start>>, signal: AbortSignal) => {
          const client = await mcpClient(era, serving, serving.token)
          const args = { action: 'locks.acquire', ...waiting }
          // Of the older protocol a client that only aborts stays connected.
          signal.addEventListener('abort', () => void client.close())
          return client.callTool({ name: 'swarm_write', arguments: args })
        },
      ]),
    ),
  }

  it.each(Object.keys(leavers))('is free when its holder lets it go: %s', async by => {
    const parts = await start()
    const { memory } = parts
    const lock = await memory.locks.acquire('deploy', { owner: 'me' })
    const leaving = new AbortController()
    const sockets = socketsOfServers()
    const gone = expect(leavers[by]!(parts, leaving.signal)).rejects.toThrow()
    await expect.poll(() => sockets.length).toBeGreaterThan(by === 'http' ? 0 : 1)
    await parts.owner.send('/v1/hello')
    leaving.abort(new Error('left'))
    await gone
    await expect.poll(() => sockets.filter(({ destroyed }) => destroyed).length).toBeGreaterThan(0)
    await parts.owner.send('/v1/hello')
    await memory.locks.release(lock)
    const next = await memory.locks.acquire('deploy', { owner: 'next' })
    expect(next.token).toBe(lock.token + 1)
  })
})

describe('a token that is revoked', () => {
  it('ends at once all that its holder has under way, though its transaction keeps all from writing', async () => {
    const { memory, serving, guest } = await start()
    const me = caller(serving, guest.token)
    await memory.locks.acquire('deploy', { owner: 'me' })
    await memory.store('plan', 1)
    const stream = await openStream(serving, guest.token, 'events/stream')
    const listener = await mcpClient('modern', serving, guest.token)
    const subscription = await listener.listen({
      resourceSubscriptions: [uriOf('memory', 'default', 'plan')],
    })
    const id = (await me.send('/v1/transactions', { body: {} })).json.id
    await me.call('kv.store', { key: 'a', value: 1 }, { 'hivewax-transaction': id })
    const sockets = socketsOfServers()
    const under = [
      me.call('locks.acquire', waiting),
      me.call('consensus.wait', { key: 'x', timeoutMs: 60_000 }),
      me.call('kv.store', { key: 'b', value: 1 }),
      me.send('/v1/transactions', { body: {} }),
    ]
    await expect.poll(() => sockets.length).toBe(under.length)
    expect(await memory.tokens.revoke(guest.id)).toBe(true)
    const answers = await Promise.all(under)
    expect(answers.map(({ status }) => status)).toEqual([401, 404, 401, 401])
    expect((await me.send(`/v1/transactions/${id}/commit`, { method: 'POST' })).status).toBe(401)
    let last: string | undefined
    for await (const { event } of stream) last = event
    expect(last).toBe('error')
    await subscription.closed
    expect((await memory.kv.search('*')).items.map(({ key }) => key)).toEqual(['plan'])
  })

  it('ends it soon when another process revokes it, or when it expires', async () => {
    const { file, memory, serving, guest } = await start()
    const expiring = await memory.tokens.create({ principal: 'x', permissions: ['admin'], expiresAt: '1s' })
    await memory.locks.acquire('deploy', { owner: 'me' })
    const calls = [guest, expiring].map(({ token }) => caller(serving, token).call('locks.acquire', waiting))
    const other = await openMemory(file, { background: false })
    expect(await other.tokens.revoke(guest.id)).toBe(true)
    await other.close()
    expect((await Promise.all(calls)).map(({ status }) => status)).toEqual([401, 401])
  })

  it('can be used on when it could not be revoked', async () => {
    const { memory, serving, guest } = await start()
    const failed = memory.transaction(async tx => {
      await tx.tokens.revoke(guest.id)
      throw new Error('not after all')
    })
    await expect(failed).rejects.toThrow('not after all')
    expect((await caller(serving, guest.token).send('/v1/hello')).status).toBe(200)
  })
})

describe('the transactions of a token', () => {
  it('end when others have waited for them for a second, whatever time they were given', async () => {
    const { memory, serving, owner } = await start()
    const id = (await owner.send('/v1/transactions', { body: { timeoutMs: 60_000 } })).json.id
    await owner.call('kv.store', { key: 'a', value: 1 }, { 'hivewax-transaction': id })
    await memory.store('b', 1)
    expect((await owner.send(`/v1/transactions/${id}/commit`, { method: 'POST' })).status).toBe(404)
    expect(await memory.retrieve('a')).toBeUndefined()
    expect((await caller(serving, serving.token).send('/v1/hello')).status).toBe(200)
  })

  it('are open one at a time, so that those of others and what others write come between', async () => {
    const { serving, limited, owner } = await start()
    const me = caller(serving, limited.token)
    const begun: number[] = []
    const all = [0, 1, 2].map(async n => {
      const { json } = await me.send('/v1/transactions', { body: {} })
      begun.push(n)
      return json.id as string
    })
    const first = await all[0]!
    expect((await owner.call('kv.store', { key: 'a', value: 1 })).status).toBe(200)
    expect(begun).toHaveLength(1)
    expect((await me.send(`/v1/transactions/${first}/commit`, { method: 'POST' })).status).toBe(404)
    for (const next of all.slice(1)) await me.send(`/v1/transactions/${await next}`, { method: 'DELETE' })
    const tooLong = await me.send('/v1/transactions', { body: { timeoutMs: 4_001 } })
    expect(tooLong).toMatchObject({ status: 400, json: { error: { code: 'invalid_input' } } })
  })
})

it('a caller that waits for less than the server would take is answered then', async () => {
  const { memory, owner } = await start()
  await memory.locks.acquire('deploy', { owner: 'me' })
  const { status, json } = await owner.call('locks.acquire', waiting, { 'hivewax-timeout': '50' })
  expect([status, json.error.details]).toEqual([504, { outcome: 'unknown' }])
  expect((await owner.call('locks.acquire', waiting, { 'hivewax-timeout': 'x' })).status).toBe(400)
})
