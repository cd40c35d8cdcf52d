import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { Memory } from '../../src/memory.ts'
import { operations } from '../../src/operations.ts'
import { permissions } from '../../src/permission.ts'
import type { NewToken } from '../../src/tokens/tokens.ts'
import { inputsOf } from '../support/inputs.ts'
import { openScratch, scratchFolder } from '../support/memory.ts'
import { caller, send } from '../support/requests.ts'
import { serveScratch } from '../support/server.ts'

const tokenFor = async (memory: Memory, token: Partial<NewToken> = {}) =>
  (await memory.tokens.create({ principal: 'ci', permissions: ['admin'], ...token })).token

/** From now on no time passes by which a server counts how often somebody asks. */
function stopTime(): void {
  const stopped = vi.spyOn(performance, 'now').mockReturnValue(performance.now())
  onTestFinished(() => stopped.mockRestore())
}

/** Paths of every kind of route. */
const routes = [
  '/health',
  '/v1/hello',
  '/openapi.json',
  '/metrics',
  '/v1/kv/get?key=a',
  '/v1/events/stream',
  '/v1/nope',
]

describe('the name that a request is addressed to', () => {
  const foreign = [
    'evil.example',
    'evil.example:PORT',
    'localhost.evil.example:PORT',
    'evil.localhost:PORT',
    'evil@localhost:PORT',
    'localhost:PORT@evil.example',
    'localhost.:PORT',
    '127.0.0.2:PORT',
    '0.0.0.0:PORT',
    '[::]:PORT',
    '[::1%eth0]:PORT',
    '::1',
    '2130706433:PORT',
    'localhost:PORT, evil.example',
    '',
  ]
  it('must be ours, on every route and before anything else is looked at', async () => {
    const { owner, port, url } = await serveScratch()
    for (const route of routes) {
      for (const name of foreign) {
        const host = name.replace('PORT', port)
        const { status, json } = await owner.send(route, { headers: { host } })
        expect([400, 403], `${route} at ${host}`).toContain(status)
        if (status === 403) expect(json.error.code).toBe('forbidden')
        const anonymous = await send(url, route, { headers: { host } })
        expect(anonymous.status, `${route} at ${host}`).toBe(status)
      }
    }
  })

  it('may be any of ours, in any case, with any port', async () => {
    const { owner, port } = await serveScratch({ hosts: ['Hive.Example'] })
    const own = [
      'localhost',
      'LOCALHOST:1',
      `127.0.0.1:${port}`,
      `[::1]:${port}`,
      'hive.example',
      'HIVE.example:443',
    ]
    for (const host of own)
      expect((await owner.send('/v1/hello', { headers: { host } })).status, host).toBe(200)
  })

  it('is missing in a request of HTTP/1.0, which is refused', async () => {
    const { port, serving } = await serveScratch()
    const socket = net.connect(Number(port), '127.0.0.1')
    onTestFinished(() => void socket.destroy())
    socket.end(`GET /v1/hello HTTP/1.0\r\nauthorization: Bearer ${serving.token}\r\n\r\n`)
    const [head] = (await new Response(socket as unknown as ReadableStream).text()).split('\r\n')
    expect(head).toMatch(/ 40[03] /)
  })
})

describe('the web page that a request comes from', () => {
  it('must be ours or an allowed one, on every route', async () => {
    const { owner, port } = await serveScratch({ origins: ['https://dash.example'] })
    const foreign = [
      'https://evil.example',
      'null',
      '',
      'http://localhost',
      'http://localhost:1',
      `http://localhost:${port}.evil.example`,
      `http://127.0.0.1:${port}`,
      'https://dash.example.evil.example',
      'https://dash.example:8443',
      'http://dash.example',
    ]
    const host = `localhost:${port}`
    for (const route of routes)
      for (const origin of foreign)
        expect(
          (await owner.send(route, { headers: { host, origin } })).status,
          `${route} from ${origin}`,
        ).toBe(403)
    for (const origin of ['https://dash.example', `http://${host}`, `https://${host}`])
      expect((await owner.send('/v1/hello', { headers: { host, origin } })).status).toBe(200)
  })

  it('is told what it may send, and foreign ones nothing', async () => {
    const { url, owner } = await serveScratch({ origins: ['https://dash.example'] })
    const ask = (origin: string) =>
      send(url, '/v1/kv/store', {
        method: 'OPTIONS',
        headers: {
          origin,
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'authorization',
        },
      })
    const allowed = await ask('https://dash.example')
    expect(allowed.status).toBe(204)
    expect(allowed.headers).toMatchObject({
      'access-control-allow-origin': 'https://dash.example',
      'access-control-allow-methods': 'GET,POST,DELETE',
      'access-control-allow-headers': expect.stringContaining('authorization'),
      vary: expect.stringMatching(/origin/i),
    })
    const refused = await ask('https://evil.example')
    expect(refused.status).toBe(403)
    expect(Object.keys(refused.headers).join()).not.toContain('access-control')
    const origin = 'https://dash.example'
    const failed = await owner.send('/v1/kv/get?key=x', { headers: { origin } })
    expect([failed.status, failed.headers['access-control-allow-origin']]).toEqual([404, origin])
  })

  it('cannot send JSON as something that browsers send unasked', async () => {
    const { owner } = await serveScratch()
    const body = '{"key":"a","value":1}'
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data',
      'application/jsonx',
      undefined,
    ])
      expect((await owner.send('/v1/kv/store', { body, headers: { 'content-type': type } })).status).toBe(400)
    const fine = { body, headers: { 'content-type': 'Application/JSON; charset=utf-8' } }
    expect((await owner.send('/v1/kv/store', fine)).status).toBe(200)
  })

  it('is told by every answer to keep, guess and show nothing', async () => {
    const { owner, url } = await serveScratch()
    const answers = [
      await owner.send('/v1/hello'),
      await owner.send('/v1/nope'),
      await send(url, '/v1/hello'),
      await send(url, '/health'),
    ]
    for (const { headers } of answers)
      expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' })
  })
})

describe('the token', () => {
  it('is needed on every route but the health, and must be a good one', async () => {
    const { memory, serving, url } = await serveScratch()
    const expired = await tokenFor(memory, { expiresAt: new Date(Date.now() - 1000) })
    const good = await tokenFor(memory)
    const revoked = await tokenFor(memory)
    await memory.tokens.revoke(revoked.split('_')[1]!)
    const foreign = await tokenFor(await openScratch())
    const [, id, secret] = good.split('_')
    const bad = [
      undefined,
      '',
      'Bearer',
      'Bearer ',
      `Basic ${Buffer.from(`owner:${serving.token}`).toString('base64')}`,
      serving.token,
      `Bearer ${serving.token}x`,
      `Bearer ${serving.token.slice(0, -1)}`,
      `Bearer ${expired}`,
      `Bearer ${revoked}`,
      `Bearer ${foreign}`,
      `Bearer hwx_${id}_${secret!.replace(/^./, first => (first === '0' ? '1' : '0'))}`,
      `Bearer hwx_${'0'.repeat(20)}_${secret}`,
      `Bearer ${id}`,
      "Bearer ' or 1=1 --",
      `Bearer ${'x'.repeat(8000)}`,
    ]
    for (const route of routes.filter(route => route !== '/health')) {
      for (const authorization of bad) {
        const { status, json, headers } = await send(url, route, { headers: { authorization } })
        expect([401, 429], `${route} with ${authorization}`).toContain(status)
        expect(json.error.code).toBe(status === 401 ? 'unauthorized' : 'rate_limited')
        if (status === 401) expect(headers['www-authenticate']).toBe('Bearer')
      }
    }
    expect((await caller(serving, good).send('/v1/hello')).json).toMatchObject({ principal: 'ci' })
    expect((await send(url, `/v1/hello?token=${good}&access_token=${good}`)).status).not.toBe(200)
  })

  it('that is good is let in while others at its address guess', async () => {
    const { url, owner } = await serveScratch()
    stopTime()
    const guesses = await Promise.all(
      Array.from({ length: 100 }, () => send(url, '/v1/hello', { headers: { authorization: 'Bearer x' } })),
    )
    expect(guesses.filter(({ status }) => status === 429).length).toBeGreaterThan(0)
    expect(guesses.find(({ status }) => status === 429)?.headers['retry-after']).toBeDefined()
    expect((await owner.send('/v1/hello')).status).toBe(200)
  })

  it('is let through only so often a second, each by itself', async () => {
    const { memory, serving, owner } = await serveScratch({ ratePerSecond: 20 })
    const other = caller(serving, await tokenFor(memory, { principal: 'owner' }))
    stopTime()
    const answers = await Promise.all(Array.from({ length: 200 }, () => other.send('/v1/hello')))
    const late = answers.filter(({ status }) => status === 429)
    expect(late.length).toBeGreaterThan(0)
    expect(late[0]?.json.error).toMatchObject({
      code: 'rate_limited',
      details: { retryAfterMs: expect.any(Number) },
    })
    expect((await owner.send('/v1/hello')).status).toBe(200)
  })
})

describe('what a token allows', () => {
  it('is what it names, of every operation, and everything with admin', { timeout: 600_000 }, async () => {
    const { memory, serving } = await serveScratch()
    const callers = await Promise.all(
      permissions.map(async permission => ({
        permission,
        ...caller(serving, await tokenFor(memory, { permissions: [permission] })),
      })),
    )
    for (const operation of operations) {
      const { name, permission: needed, effect } = operation
      const [input] = fc.sample(inputsOf(operation), { numRuns: 1, seed: 7 })
      for (const { permission, call, send } of callers) {
        const about = `${name} with ${permission}`
        if (permission === needed || permission === 'admin') {
          const { status, json } = await call(name, input)
          // Files are closed to all.
          if (status === 403) expect(operation.files, about).toBeDefined()
          const more = operation.needs?.(input) ?? []
          const lacking = more.find(each => permission !== 'admin' && permission !== each)
          if (status >= 400) expect(json.error.details?.permission, about).toBe(lacking)
          continue
        }
        const { status, json } = await call(name, input)
        expect([status, json?.error.details], about).toEqual([403, { permission: needed }])
        if (effect !== 'read') continue
        const query = new URLSearchParams(
          Object.entries(input!).map(([field, value]): [string, string] => [field, JSON.stringify(value)]),
        )
        expect((await send(`/v1/${name.replace('.', '/')}?${query}`)).status, about).toBeOneOf([400, 403])
      }
    }
  })

  it('is its namespaces and no other', async () => {
    const { memory, serving } = await serveScratch()
    await memory.store('secret', 'of others', { namespace: 'other' })
    const { call, send } = caller(serving, await tokenFor(memory, { namespaces: ['team-*'] }))
    expect((await call('kv.store', { key: 'a', value: 1, namespace: 'team-a' })).status).toBe(200)
    const outside = [
      ['kv.retrieve', { key: 'secret', namespace: 'other' }],
      ['kv.get', { key: 'secret', namespace: 'other' }],
      ['kv.store', { key: 'a', value: 1 }],
      ['kv.search', { glob: '*', namespace: '*' }],
      ['kv.delete', { key: 'secret', namespace: 'other' }],
      ['kv.clearNamespace', { namespace: 'other' }],
      ['kv.retrieveMany', { keys: ['secret'], namespace: 'other' }],
      [
        'kv.storeMany',
        {
          records: [
            { key: 'a', value: 1, namespace: 'team-a' },
            { key: 'b', value: 1, namespace: 'x' },
          ],
        },
      ],
      ['find.find', { text: 'others' }],
      ['maintenance.query', { sql: 'select * from memory_store' }],
    ] as const
    for (const [name, input] of outside) {
      const { status, text } = await call(name, input)
      expect(status, name).toBe(403)
      expect(text).not.toContain('of others')
    }
    expect((await send('/v1/kv/retrieve?key=secret&namespace=other')).status).toBe(403)
    expect(await memory.retrieve('secret', { namespace: 'other' })).toBe('of others')
  })

  it('is its agent and no other', async () => {
    const { memory, serving } = await serveScratch()
    const { call } = caller(serving, await tokenFor(memory, { agentId: 'me' }))
    expect((await call('events.log', { type: 'x' })).json).toMatchObject({ source: 'me' })
    expect((await call('events.log', { type: 'x' }, { 'hivewax-agent': 'me' })).json).toMatchObject({
      source: 'me',
    })
    expect((await call('events.log', { type: 'x' }, { 'hivewax-agent': 'you' })).status).toBe(403)
    expect((await call('events.log', { type: 'x', source: 'you' })).status).toBe(403)
    expect((await call('tasks.claim', { agentId: 'you' })).status).toBe(403)
    const free = caller(serving, await tokenFor(memory))
    expect(
      (await free.call('events.log', { type: 'x' }, { 'hivewax-agent': 'caf%C3%A9' })).json,
    ).toMatchObject({ source: 'café' })
    expect((await free.call('events.log', { type: 'x' }, { 'hivewax-agent': '%' })).status).toBe(400)
    expect(
      (await free.call('events.log', { type: 'x' }, { 'hivewax-agent': 'a', 'hivewax-incarnation': 'x' }))
        .status,
    ).toBe(400)
  })
})

describe('files of the machine', () => {
  it('are not open, unless a folder of them is', async () => {
    const { owner } = await serveScratch()
    for (const name of ['maintenance.backup', 'maintenance.restore', 'maintenance.recover'])
      expect((await owner.call(name, { path: 'a.db' })).status).toBe(403)
    expect((await owner.call('maintenance.exportNamespace', { namespace: 'x', path: 'a.json' })).status).toBe(
      403,
    )
    expect((await owner.call('maintenance.importNamespace', { path: '/etc/passwd' })).status).toBe(403)
  })

  it('are those of the folder only', async () => {
    const files = scratchFolder()
    fs.symlinkSync('/tmp', path.join(files, 'out'))
    const { owner } = await serveScratch({ files })
    for (const name of ['../a.db', '/tmp/a.db', 'out/a.db', '.', '..', 'a/../../a.db', ''])
      expect((await owner.call('maintenance.backup', { path: name })).status, name).toBeOneOf([400, 403])
    expect((await owner.call('maintenance.backup', { path: 'a.db' })).status).toBe(200)
    expect((await owner.call('maintenance.recover', { path: 'b.db', from: '/etc/passwd' })).status).toBe(403)
    expect(fs.readdirSync(files).sort()).toEqual(['a.db', 'a.db.sha256', 'out'])
  })
})

describe('answers', () => {
  it('tell nothing of the insides', async () => {
    const { owner, memory } = await serveScratch()
    await memory.execute('drop table patterns')
    const { status, text } = await owner.call('patterns.list', {})
    expect(status).toBeGreaterThanOrEqual(500)
    expect(text).not.toMatch(/\.ts|\.js|node_modules|at .*:\d+:\d+/)
  })

  it('to HEAD are as to GET without the body, and streams are not opened', async () => {
    const { owner } = await serveScratch()
    expect(await owner.send('/v1/hello', { method: 'HEAD' })).toMatchObject({ status: 200, text: '' })
    expect(await owner.send('/v1/events/stream', { method: 'HEAD' })).toMatchObject({ status: 200, text: '' })
    for (const method of ['PUT', 'PATCH', 'TRACE', 'PROPFIND'])
      expect((await owner.send('/v1/kv/store', { method })).status).toBe(404)
  })
})
