import net from 'node:net'
import { describe, expect, it } from 'vitest'
import { serveScratch } from '../support/server.ts'

describe('the body', () => {
  const store = (value: string) => `{"key":"a","value":${value}}`

  it('must not be larger than it may, whether it says so or not', async () => {
    const { owner, memory } = await serveScratch({ maxBodyBytes: 10_000 })
    const body = store(JSON.stringify('x'.repeat(20_000)))
    for (const isChunked of [false, true]) {
      const { status, json } = await owner.send('/v1/kv/store', { body, isChunked })
      expect([status, json.error.code]).toEqual([413, 'too_large'])
    }
    expect(await memory.retrieve('a')).toBeUndefined()
    expect((await owner.send('/v1/kv/store', { body: store('1'), isChunked: true })).status).toBe(200)
    expect((await owner.send('/v1/hello', { headers: { 'x-long': 'x'.repeat(20_000) } })).status).toBe(431)
  })

  it('must not be nested without end', async () => {
    const { owner } = await serveScratch()
    const deep = (depth: number, open: string, close: string) =>
      open.repeat(depth) + (open === '[' ? '' : '1') + close.repeat(depth)
    const hostile = [
      store(deep(200_000, '[', ']')),
      store(deep(200_000, '{"a":', '}')),
      deep(1_000_000, '[', ']'),
      '['.repeat(1_000_000),
      `{"sql":"select 1","params":${deep(5000, '[', ']')}}`,
      `{"records":${deep(290, '[', ']')}}`,
    ]
    for (const path of ['/v1/kv/store', '/v1/maintenance/query', '/v1/transactions', '/v1/kv/storeMany'])
      for (const body of hostile) {
        const { status, json } = await owner.send(path, { body })
        expect(status, `${path} ${body.slice(0, 30)}`).toBe(400)
        // Before anything walks it, whatever the route.
        if (body.length > 5000) expect(json.error.message).toContain('nested deeper than 300')
      }
    expect((await owner.send('/v1/kv/store', { body: store(deep(255, '[', ']')) })).status).toBe(200)
    const query = encodeURIComponent('['.repeat(3000))
    expect((await owner.send(`/v1/kv/search?glob=*&limit=${query}`)).status).toBe(400)
  })

  it('must have no number that would become another one', async () => {
    const { owner, memory } = await serveScratch()
    const { status, json } = await owner.send('/v1/kv/store', { body: store('{"id":12345678901234567890}') })
    expect([status, json.error.code]).toEqual([400, 'invalid_input'])
    expect(json.error.message).toBe(
      'the body has the number 12345678901234567890, which would become 12345678901234567000',
    )
    expect((await owner.send('/v1/kv/store', { body: store('[9007199254740991, 1.10]') })).status).toBe(200)
    expect(await memory.retrieve('a')).toEqual([9007199254740991, 1.1])
  })

  it('must be JSON in UTF-8 that the operation takes', async () => {
    const { owner, memory } = await serveScratch()
    const wrong = [
      '{',
      'null x',
      '{"key":"a"}',
      '[]',
      '"a"',
      '{"key":"a","value":1,"more":1}',
      '\u0000',
      '{"key":"a\u0000","value":1}',
    ]
    for (const body of wrong) expect((await owner.send('/v1/kv/store', { body })).status, body).toBe(400)
    const bytes = Buffer.concat([
      Buffer.from('{"key":"'),
      Buffer.from([0xff, 0xfe]),
      Buffer.from('","value":1}'),
    ])
    expect((await owner.send('/v1/kv/store', { body: bytes })).json.error.message).toContain('UTF-8')
    expect((await memory.kv.search('*')).items).toEqual([])
  })

  it('may hold any name of a field, which stays one', async () => {
    const { owner } = await serveScratch()
    const value = '{"__proto__":{"polluted":true},"constructor":{"prototype":1},"toString":1}'
    expect((await owner.send('/v1/kv/store', { body: store(value) })).status).toBe(200)
    expect((await owner.send('/v1/kv/retrieve?key=a')).text).toBe(value)
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
    for (const name of ['__proto__', 'constructor', 'toString'])
      expect((await owner.send(`/v1/kv/get?key=a&${name}=1`)).status).toBeOneOf([200, 400])
    expect((await owner.send('/v1/kv/store', { body: '{"__proto__":{"key":"b"},"value":1}' })).status).toBe(
      400,
    )
  })

  it('that never ends keeps nobody from closing the server', async () => {
    const { port, serving } = await serveScratch()
    const socket = net.connect(Number(port), '127.0.0.1')
    socket.on('error', () => {})
    socket.write(
      `POST /v1/kv/store HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${serving.token}\r\n` +
        'content-type: application/json\r\ncontent-length: 1000\r\n\r\n{"key"',
    )
    const closed = new Promise(resolve => socket.on('close', resolve))
    await new Promise(resolve => setTimeout(resolve, 100))
    await serving.close(200)
    await closed
  })
})

it('names a body that is compressed, and what no caller can give', async () => {
  const { owner } = await serveScratch()
  const gzip = await owner.call('kv.store', { key: 'a', value: 1 }, { 'content-encoding': 'gzip' })
  expect([gzip.status, gzip.json.error.message]).toEqual([400, expect.stringContaining('gzip')])
  for (const field of ['signal', 'onProgress']) {
    const { status, json } = await owner.call('maintenance.vacuum', { [field]: 'x' }, { 'hivewax-wire': '1' })
    expect([status, json.error.message]).toEqual([400, expect.stringContaining(`"${field}"`)])
  }
})
