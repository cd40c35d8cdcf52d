import { describe, expect, it } from 'vitest'
import { openScratch } from '../support/memory.ts'
import { caller } from '../support/requests.ts'
import { socketsOfServers, startHttp } from '../support/server.ts'

async function start() {
  const memory = await openScratch()
  const serving = await startHttp(memory)
  const owner = transacting(serving, serving.token)
  const tokenOf = async (principal: string, permission: 'admin' | 'memory:read' = 'admin') =>
    memory.tokens.create({ principal, permissions: [permission] })
  return { memory, serving, owner, tokenOf }
}

function transacting(serving: Parameters<typeof caller>[0], token: string) {
  const { call, send } = caller(serving, token)
  return {
    call,
    send,
    begin: async (input: object = {}): Promise<string> =>
      (await send('/v1/transactions', { body: input })).json.id,
    within: (id: string, name: string, input: object) => call(name, input, { 'hivewax-transaction': id }),
    commit: (id: string) => send(`/v1/transactions/${id}/commit`, { method: 'POST' }),
    rollback: (id: string) => send(`/v1/transactions/${id}`, { method: 'DELETE' }),
  }
}

describe('a transaction over HTTP', () => {
  it('shows its writes to others when it is committed, all at once', async () => {
    const { memory, owner } = await start()
    const id = await owner.begin()
    await owner.within(id, 'kv.store', { key: 'a', value: 1 })
    await owner.within(id, 'events.log', { type: 'x' })
    expect((await owner.within(id, 'kv.retrieve', { key: 'a' })).json).toBe(1)
    expect(await memory.retrieve('a')).toBeUndefined()
    expect((await owner.call('kv.retrieve', { key: 'a' })).status).toBe(404)
    expect((await owner.commit(id)).status).toBe(204)
    expect(await memory.retrieve('a')).toBe(1)
    expect((await memory.events.list({ types: ['x'] })).items).toHaveLength(1)
    expect((await owner.commit(id)).status).toBe(404)
    expect((await owner.within(id, 'kv.retrieve', { key: 'a' })).status).toBe(404)
  })

  it('leaves nothing when it is rolled back', async () => {
    const { memory, owner } = await start()
    const id = await owner.begin()
    await owner.within(id, 'kv.store', { key: 'a', value: 1 })
    expect((await owner.rollback(id)).status).toBe(204)
    expect(await memory.retrieve('a')).toBeUndefined()
    await memory.store('b', 1)
  })

  it('has savepoints, which end before it', async () => {
    const { memory, owner } = await start()
    const id = await owner.begin()
    await owner.within(id, 'kv.store', { key: 'a', value: 1 })
    const inner = await owner.begin({ within: id })
    await owner.within(inner, 'kv.store', { key: 'b', value: 1 })
    const early = await owner.commit(id)
    expect([early.status, early.json.error.code]).toEqual([400, 'transaction_misuse'])
    await owner.rollback(inner)
    const second = await owner.begin({ within: id })
    await owner.within(second, 'kv.store', { key: 'c', value: 1 })
    await owner.commit(second)
    await owner.commit(id)
    const keys = (await memory.kv.search('*')).items.map(({ key }) => key)
    expect(keys.sort()).toEqual(['a', 'c'])
  })

  it('takes its savepoints with it when it is rolled back, or late', async () => {
    const { memory, owner } = await start()
    const id = await owner.begin()
    const inner = await owner.begin({ within: id })
    const innermost = await owner.begin({ within: inner })
    await owner.within(innermost, 'kv.store', { key: 'a', value: 1 })
    expect((await owner.rollback(id)).status).toBe(204)
    // Long enough for what is begun in it.
    const late = await owner.begin({ timeoutMs: 5_000 })
    const lateInner = await owner.begin({ within: late })
    await owner.within(lateInner, 'kv.store', { key: 'a', value: 1 })
    await memory.store('b', 1)
    for (const gone of [id, inner, innermost, late, lateInner])
      expect((await owner.commit(gone)).status).toBe(404)
    expect(await memory.retrieve('a')).toBeUndefined()
  })

  it('ends by itself when its caller is gone, so that others can write', async () => {
    const { memory, owner } = await start()
    const id = await owner.begin({ timeoutMs: 300 })
    await owner.within(id, 'kv.store', { key: 'a', value: 1 })
    await memory.store('b', 1)
    expect(await memory.retrieve('a')).toBeUndefined()
    const { status, json } = await owner.commit(id)
    expect([status, json.error.code]).toEqual([404, 'not_found'])
    for (const timeoutMs of [0, 60_001, 1.5, 'x'])
      expect((await owner.send('/v1/transactions', { body: { timeoutMs } })).status).toBe(400)
  })

  it('is not begun for a caller who left while it waited for its turn', async () => {
    const { memory, owner, serving } = await start()
    const id = await owner.begin({ timeoutMs: 60_000 })
    const sockets = socketsOfServers()
    const gone = new AbortController()
    const waiting = fetch(`${serving.url}/v1/transactions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${serving.token}`, 'content-type': 'application/json' },
      body: '{"timeoutMs":60000}',
      signal: gone.signal,
    })
    const refused = expect(waiting).rejects.toThrow()
    await expect.poll(() => sockets.length).toBe(1)
    await new Promise(resolve => setTimeout(resolve, 100))
    gone.abort()
    await refused
    await expect.poll(() => sockets[0]?.destroyed).toBe(true)
    await owner.send('/v1/hello')
    await owner.commit(id)
    const begin = performance.now()
    await memory.store('a', 1)
    expect(performance.now() - begin).toBeLessThan(30_000)
  })

  it('belongs to the token that began it, whatever the name of others', async () => {
    const { serving, owner, tokenOf } = await start()
    const mine = await tokenOf('owner')
    const other = await tokenOf('owner')
    const me = transacting(serving, mine.token)
    const you = transacting(serving, other.token)
    const id = await me.begin()
    for (const foreign of [owner, you]) {
      expect((await foreign.within(id, 'kv.store', { key: 'a', value: 1 })).status).toBe(404)
      expect((await foreign.commit(id)).status).toBe(404)
      expect((await foreign.rollback(id)).status).toBe(404)
      expect((await foreign.send('/v1/transactions', { body: { within: id } })).status).toBe(404)
    }
    expect((await me.commit(id)).status).toBe(204)
  })

  it('is closed to a token that was revoked, and to one that can only read', async () => {
    const { memory, serving, tokenOf } = await start()
    const { id, token } = await tokenOf('ci')
    const me = transacting(serving, token)
    const transaction = await me.begin({ timeoutMs: 500 })
    await me.within(transaction, 'kv.store', { key: 'a', value: 1 })
    const revoking = memory.tokens.revoke(id)
    await revoking
    expect((await me.within(transaction, 'kv.store', { key: 'b', value: 1 })).status).toBe(401)
    expect((await me.commit(transaction)).status).toBe(401)
    expect((await memory.kv.search('*')).items).toEqual([])
    const reader = transacting(serving, (await tokenOf('reader', 'memory:read')).token)
    expect((await reader.send('/v1/transactions', { body: {} })).status).toBe(403)
  })

  it('takes no part in upkeep, nor in SQL of those who may only read', async () => {
    const { memory, serving, owner } = await start()
    const { token } = await memory.tokens.create({
      principal: 'x',
      permissions: ['sql:read', 'memory:write'],
    })
    const me = transacting(serving, token)
    const id = await me.begin()
    expect((await me.within(id, 'maintenance.query', { sql: 'select 1' })).status).toBe(403)
    await me.rollback(id)
    const own = await owner.begin()
    await owner.within(own, 'kv.store', { key: 'a', value: 1 })
    expect(
      (await owner.within(own, 'maintenance.query', { sql: 'select key from memory_store' })).json,
    ).toEqual([{ key: 'a' }])
    const vacuum = await owner.within(own, 'maintenance.vacuum', {})
    expect([vacuum.status, vacuum.json.error.code]).toEqual([400, 'transaction_misuse'])
    await owner.commit(own)
  })

  it('is rolled back when the server closes', async () => {
    const { memory, serving, owner } = await start()
    const id = await owner.begin({ timeoutMs: 60_000 })
    await owner.within(id, 'kv.store', { key: 'a', value: 1 })
    await serving.close(1000)
    expect(await memory.retrieve('a')).toBeUndefined()
    await memory.store('b', 1)
  })
})
