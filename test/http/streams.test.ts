import http from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import v8 from 'node:v8'
import vm from 'node:vm'
import { expect, it, onTestFinished } from 'vitest'
import { TestClock } from '../support/clock.ts'
import { openScratch } from '../support/memory.ts'
import { caller } from '../support/requests.ts'
import { socketsOfServers, startHttp } from '../support/server.ts'
import { type Message, openStream, type Sse } from '../support/sse.ts'

async function start(options: Parameters<typeof startHttp>[1] = {}, clock?: TestClock) {
  const memory = await openScratch({ clock })
  const serving = await startHttp(memory, options)
  return { memory, serving, token: serving.token, owner: caller(serving, serving.token) }
}

/** The data of messages until `count` of them have come. */
// biome-ignore lint/suspicious/noExplicitAny: what comes out of JSON is whatever it holds
async function take(stream: Sse, count: number): Promise<any[]> {
  const data: unknown[] = []
  for await (const message of stream) {
    if (message.data !== undefined) data.push(JSON.parse(message.data))
    if (data.length >= count) break
  }
  return data
}

/** The last message before the stream ends. */
async function untilEnd(stream: Sse): Promise<Message | undefined> {
  let last: Message | undefined
  try {
    for await (const message of stream) if (message.data !== undefined) last = message
  } catch {
    // It was cut off.
  }
  return last
}

it('streams events, the shared state, agents and leaders as they change', async () => {
  const { memory, serving, token } = await start()
  const events = await openStream(serving, token, 'events/stream?types=x,y&source=me')
  const shared = await openStream(serving, token, 'shared/stream?prefix=a/')
  const agents = await openStream(serving, token, 'agents/stream')
  const leaders = await openStream(serving, token, 'locks/stream?name=boss')
  expect(events.response.headers['content-type']).toBe('text/event-stream')
  await memory.events.log({ type: 'x', source: 'you' })
  await memory.events.log({ type: 'z', source: 'me' })
  await memory.events.log({ type: 'y', source: 'me', data: 'line\nbreak' })
  await memory.shared.update('b/x', 1)
  await memory.shared.update('a/x', 1)
  await memory.registerAgent({ id: 'coder', type: 'coder' })
  expect(await take(events, 1)).toMatchObject([{ type: 'y', data: 'line\nbreak' }])
  expect(JSON.stringify(await take(shared, 1))).toContain('a/x')
  expect(JSON.stringify(await take(agents, 1))).toContain('coder')
  expect(await take(leaders, 1)).toEqual([null])
})

it('says what is wrong with what it is asked for', async () => {
  const { owner } = await start()
  for (const query of [
    'events/stream?since=x',
    'events/stream?nope=1',
    'shared/stream?types=x',
    'locks/stream',
    'events/stream?since=-1',
  ])
    expect((await owner.send(`/v1/${query}`)).status, query).toBe(400)
})

it('skips and doubles no event over many broken connections, under a writer', async () => {
  const { memory, serving, token } = await start()
  const wantedCuts = 25
  let cuts = 0
  // Known before the last is written: it is written on until all the connections are broken.
  let total = Number.POSITIVE_INFINITY
  const writing = (async () => {
    for (let n = 0; n < total; n++) {
      if (n >= 599 && cuts >= wantedCuts) total = n + 1
      await memory.events.log({ type: 'n', data: n })
      if (n % 10 === 0) await sleep(1)
    }
  })()
  const got: number[] = []
  let lastId: string | undefined = '0'
  while (got.length < total) {
    const stream = await openStream(serving, token, 'events/stream?types=n', { 'last-event-id': lastId })
    // The connection goes after a while that has nothing to do with where messages end.
    const cutting = cuts < wantedCuts ? setTimeout(() => stream.cut(), Math.random() * 30) : undefined
    try {
      for await (const { id, data } of stream) {
        if (id !== undefined) lastId = id
        if (data !== undefined) got.push(JSON.parse(data).data)
        if (got.length >= total) break
      }
    } catch {
      cuts++
    } finally {
      clearTimeout(cutting)
      stream.cut()
    }
  }
  await writing
  expect(got).toEqual(Array.from({ length: total }, (_, n) => n))
  expect(cuts).toBe(wantedCuts)
})

it('tells where it begins, so that who is cut off before the first event misses none', async () => {
  const { memory, serving, token } = await start()
  await memory.events.log({ type: 'before' })
  const first = await openStream(serving, token, 'events/stream')
  const { value } = await first[Symbol.asyncIterator]().next()
  first.cut()
  await memory.events.log({ type: 'meanwhile' })
  const second = await openStream(serving, token, 'events/stream', { 'last-event-id': value.id })
  expect(await take(second, 1)).toMatchObject([{ type: 'meanwhile' }])
})

it('holds little for a caller that never reads, and cuts it off', async () => {
  const { memory, serving, token } = await start({ beatMs: 300 })
  const served = socketsOfServers()
  const streams: http.IncomingMessage[] = []
  for (let i = 0; i < 10; i++) {
    const request = http.get(`${serving.url}/v1/events/stream?since=0`, {
      headers: { authorization: `Bearer ${token}` },
      agent: false,
    })
    request.on('error', () => {})
    onTestFinished(() => void request.destroy())
    request.on('response', response => {
      response.pause()
      response.on('error', () => {})
      streams.push(response)
    })
  }
  await expect.poll(() => streams.length).toBe(10)
  const before = heapUsed()
  const event = { type: 'big', data: 'x'.repeat(100_000) }
  for (let i = 0; i < 40; i++) await memory.events.logMany(Array.from({ length: 10 }, () => event))
  // 40 MB for each of ten; what the sockets take in lies outside of the heap.
  await sleep(500)
  const growth = heapUsed() - before
  console.log(`heap grew by ${(growth / 2 ** 20).toFixed(1)} MiB`)
  expect(growth).toBeLessThan(64 * 2 ** 20)
  await expect.poll(() => served.filter(({ destroyed }) => destroyed)).toHaveLength(10)
  // It hears of the end only when it reads on.
  for (const response of streams) response.resume()
  await expect.poll(() => streams.every(({ destroyed }) => destroyed)).toBe(true)
})

it('ends when the token is revoked or expires, and says why', async () => {
  const clock = new TestClock()
  const { memory, serving } = await start({ beatMs: 100 }, clock)
  const permissions = ['memory:read'] as const
  const revoked = await memory.tokens.create({ principal: 'a', permissions })
  const expiring = await memory.tokens.create({
    principal: 'b',
    permissions,
    expiresAt: new Date(clock.now() + 700),
  })
  const lasting = await memory.tokens.create({ principal: 'c', permissions })
  const streams = await Promise.all(
    [revoked, expiring, lasting].map(({ token }) => openStream(serving, token, 'events/stream?types=x')),
  )
  await memory.tokens.revoke(revoked.id)
  clock.advance(701)
  for (const stream of streams.slice(0, 2)) {
    const last = await untilEnd(stream)
    expect(last?.event).toBe('error')
    expect(JSON.parse(last!.data!).error.code).toBe('unauthorized')
  }
  await memory.events.log({ type: 'x', data: 1 })
  expect(await take(streams[2]!, 1)).toMatchObject([{ data: 1 }])
})

it('needs the permission to read', async () => {
  const { memory, serving } = await start()
  const { token } = await memory.tokens.create({ principal: 'a', permissions: ['tasks'] })
  const stream = await openStream(serving, token, 'events/stream')
  expect(stream.response.statusCode).toBe(403)
})

it('is open so many times for one caller, and others still get theirs', async () => {
  const { memory, serving, token } = await start()
  const { token: other } = await memory.tokens.create({ principal: 'a', permissions: ['memory:read'] })
  const open: Sse[] = []
  for (let i = 0; i < 250; i++) open.push(await openStream(serving, token, 'events/stream'))
  expect(open.every(({ response }) => response.statusCode === 200)).toBe(true)
  expect((await openStream(serving, token, 'events/stream')).response.statusCode).toBe(429)
  expect((await openStream(serving, other, 'events/stream')).response.statusCode).toBe(200)
  for (const stream of open) stream.cut()
  await expect
    .poll(async () => (await openStream(serving, token, 'events/stream')).response.statusCode)
    .toBe(200)
})

it('ends when the server closes', async () => {
  const { serving, token } = await start()
  const streams = await Promise.all(
    Array.from({ length: 5 }, () => openStream(serving, token, 'events/stream')),
  )
  const ended = Promise.all(streams.map(untilEnd))
  const begin = performance.now()
  await serving.close(30_000)
  await ended
  expect(performance.now() - begin).toBeLessThan(15_000)
})

function heapUsed(): number {
  v8.setFlagsFromString('--expose-gc')
  vm.runInNewContext('gc')()
  return process.memoryUsage().heapUsed + process.memoryUsage().external
}

it('does not go on from a place that there is not yet', async () => {
  const { memory, serving, token } = await start()
  await memory.events.log({ type: 'x' })
  const { head } = await memory.events.latest().then(event => ({ head: event!.id }))
  const open = (id: number) => openStream(serving, token, 'events/stream', { 'last-event-id': String(id) })
  expect((await open(head)).response.statusCode).toBe(200)
  expect((await open(head + 1)).response.statusCode).toBe(400)
  await memory.events.prune({ keep: 0 })
  expect((await open(head)).response.statusCode).toBe(200)
})
