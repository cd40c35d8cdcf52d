import v8 from 'node:v8'
import vm from 'node:vm'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { streams } from '../../src/http/stream-sources.ts'
import type { Operation } from '../../src/operation.ts'
import { operations } from '../../src/operations.ts'
import { inputsOf } from '../support/inputs.ts'
import { openScratch } from '../support/memory.ts'
import { type Answer, caller, type Sent, send } from '../support/requests.ts'
import { rounds, seeded, seedOfRun } from '../support/rounds.ts'
import { startHttp } from '../support/server.ts'
import { openStream } from '../support/sse.ts'

const total = rounds(10_000)
const workers = 8

/** What starts a process or a thread: a few times is enough. */
const heavy = /^maintenance\.(?!stats|cleanup$|hotKeys|analyzeUsage|findOrphans)/

const light = operations.filter(({ name }) => !heavy.test(name))

const pick = <T>(random: () => number, list: readonly T[]): T => list[Math.floor(random() * list.length)]!

const pathOf = (operation: Operation) => `/v1/${operation.name.replace('.', '/')}`

/** Inputs of each operation that its schema accepts. */
const inputs = new Map<Operation, Record<string, unknown>[]>(
  operations.map(operation => [
    operation,
    fc.sample(inputsOf(operation), { numRuns: 40, seed: seedOfRun() }),
  ]),
)

function validInput(random: () => number, operation: Operation): Record<string, unknown> {
  const input = { ...pick(random, inputs.get(operation)!) }
  // Without one it would wait for ever; and a restore would undo what is checked.
  if (operation.name === 'consensus.wait') input.timeoutMs = 1
  if ('path' in input) input.path = `${operation.name}.json`
  return input
}

const hostileText = [
  '',
  '\0',
  '\ud800',
  '../..',
  '%00',
  '*'.repeat(300),
  'x'.repeat(2000),
  '__proto__',
  '1e999',
  '-1',
  '{}',
  "'; --",
]

/** A request that is wrong in some way, or looks so. */
function wrongRequest(random: () => number): { path: string; sent: Sent } {
  const operation = pick(random, random() < 0.02 ? operations : light)
  const input = validInput(random, operation)
  const json = JSON.stringify(input)
  const at = Math.floor(random() * json.length)
  const value = pick<unknown>(random, [null, -1, 1e308, '', [], {}, true, ...hostileText])
  const field = pick(random, [...Object.keys(input), '__proto__', 'x', 'constructor'])
  const bytes = Buffer.from(
    Array.from({ length: Math.floor(random() * 200) }, () => Math.floor(random() * 256)),
  )
  const path = pathOf(operation)
  const wrong: (() => { path: string; sent: Sent })[] = [
    () => ({ path, sent: { body: bytes } }),
    () => ({ path, sent: { body: json.slice(0, at) } }),
    () => ({ path, sent: { body: json.slice(0, at) + pick(random, hostileText) + json.slice(at + 1) } }),
    () => ({ path, sent: { body: { ...input, [field]: value } } }),
    () => ({ path, sent: { body: JSON.stringify(value) } }),
    () => ({
      path,
      sent: {
        body: json,
        headers: { 'content-type': pick(random, ['text/plain', 'application/xml', undefined]) },
      },
    }),
    () => ({
      path,
      sent: { body: json, headers: { 'hivewax-transaction': pick(random, ['x', '\u00e9', '']) } },
    }),
    () => ({
      path,
      sent: { body: json, headers: { 'hivewax-agent': pick(random, ['%', 'a%00', '%ff', '']) } },
    }),
    () => ({
      path,
      sent: { body: json, headers: { authorization: pick(random, ['', 'Bearer x', 'Basic eA==']) } },
    }),
    () => ({ path, sent: { body: json, headers: { host: pick(random, ['evil.example', 'a b', '%']) } } }),
    () => ({ path, sent: { body: json, headers: { origin: 'https://evil.example' } } }),
    () => ({
      path,
      sent: {
        body: json,
        headers: { 'hivewax-incarnation': pick(random, ['x', '-1', '1e3', '']), 'hivewax-agent': 'a' },
      },
    }),
    () => ({
      path,
      sent: { method: pick(random, ['PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD', 'TRACE']), body: json },
    }),
    () => ({
      path: `${path}?${field}=${encodeURIComponent(toWellFormed(String(value)))}&${field}=%`,
      sent: {},
    }),
    () => ({ path: `${path}/${pick(random, ['', '..', '%2e%2e', 'x'])}`, sent: { body: json } }),
    () => ({ path: encodeURI(`/${toWellFormed(pick(random, hostileText))}`), sent: {} }),
    () => ({
      path: `/v1/transactions/${pick(random, ['x', '%00', '..', 'a/commit'])}`,
      sent: { method: pick(random, ['POST', 'DELETE']) },
    }),
    () => ({ path: '/v1/transactions', sent: { body: { timeoutMs: value, within: field } } }),
    () => ({
      path: `/v1/${pick(random, Object.keys(streams))}?since=${pick(random, ['x', '-1', '1.5', 'NaN'])}`,
      sent: {},
    }),
    () => ({
      path: '/v1/kv/store',
      sent: { body: `${'['.repeat(Math.floor(random() * 5000))}`, isChunked: true },
    }),
    () => ({ path: '/v1/kv/store', sent: { body: 'x'.repeat(2 ** 20 + 1), isChunked: random() < 0.5 } }),
  ]
  return pick(random, wrong)()
}

const toWellFormed = (text: string) => text.toWellFormed()

/** What one worker has stored, in places that are its own. */
class Model {
  readonly #kv = new Map<string, unknown>()
  readonly #shared = new Map<string, unknown>()
  readonly #own: string
  readonly #caller: ReturnType<typeof caller>
  readonly #random: () => number

  constructor(name: string, asking: ReturnType<typeof caller>, random: () => number) {
    this.#own = `own-${name}`
    this.#caller = asking
    this.#random = random
  }

  /** One call or a few, each checked against what was stored before; returns how many requests it took. */
  async step(): Promise<number> {
    const key = pick(this.#random, ['a', 'b', 'c'])
    // As it arrives: JSON.stringify writes -0 as 0.
    const value = JSON.parse(JSON.stringify(pick(this.#random, inputs.get(operations[0]!)!).value))
    const place = { key, namespace: this.#own }
    const { call, send } = this.#caller
    switch (Math.floor(this.#random() * 7)) {
      case 0:
        expect((await call('kv.store', { ...place, value })).status).toBe(200)
        this.#kv.set(key, value)
        return 1
      case 1:
        expect((await call('kv.delete', place)).json).toBe(this.#kv.delete(key))
        return 1
      case 2:
        this.#matches(await call('kv.retrieve', place), this.#kv.get(key))
        return 1
      case 3: {
        const query = `key=${key}&namespace=${this.#own}`
        this.#matches(await send(`/v1/kv/retrieve?${query}`), this.#kv.get(key))
        return 1
      }
      case 4: {
        const { json } = await call('kv.search', { glob: '*', namespace: this.#own })
        const found = json.items.map((item: { key: string; value: unknown }) => [item.key, item.value])
        expect(new Map(found)).toEqual(this.#kv)
        return 1
      }
      case 5: {
        expect((await call('shared.update', { key: `${this.#own}/${key}`, value })).status).toBe(200)
        this.#shared.set(key, value)
        const { json } = await call('shared.get', { key: `${this.#own}/${key}` })
        expect(json.value).toEqual(value)
        return 2
      }
      default:
        return this.#transact(place, value)
    }
  }

  async #transact(place: { key: string; namespace: string }, value: unknown): Promise<number> {
    const { call, send } = this.#caller
    const { status, json } = await send('/v1/transactions', { body: { timeoutMs: 60_000 } })
    expect(status).toBe(200)
    const stored = await call('kv.store', { ...place, value }, { 'hivewax-transaction': json.id })
    expect(stored.status).toBe(200)
    const commits = this.#random() < 0.5
    const path = `/v1/transactions/${json.id}`
    const ended = commits
      ? await send(`${path}/commit`, { method: 'POST' })
      : await send(path, { method: 'DELETE' })
    // For whom others have waited too long, it is over already, and nothing of it was stored.
    expect([204, 404]).toContain(ended.status)
    if (commits && ended.status === 204) this.#kv.set(place.key, value)
    return 3
  }

  #matches({ status, json }: Answer, value: unknown): void {
    expect(status).toBe(value === undefined ? 404 : 200)
    if (value !== undefined) expect(json).toEqual(value)
  }
}

it(`answers ${total} requests of every kind as it should`, {
  timeout: 1_800_000,
}, async () => {
  const memory = await openScratch({ busyTimeoutMs: 60_000 })
  const serving = await startHttp(memory, { maxBodyBytes: 2 ** 20, timeoutMs: 120_000 })
  const owner = caller(serving, serving.token)
  const counts = new Map<number, number>()
  const times = new Map<Operation, number>()
  let count = 0
  let baseline: number | undefined

  const check = ({ status, json, text }: Answer, about: string) => {
    counts.set(status, (counts.get(status) ?? 0) + 1)
    // What waits is told when its own time is over.
    const isFine = status < 500 || status === 503 || (status === 504 && about.includes('consensus'))
    expect(isFine, `${about}: ${status} ${text}`).toBe(true)
    if (status >= 400 && text !== '' && status !== 431)
      expect(json?.error?.code, `${about}: ${text}`).toBeTypeOf('string')
  }

  const valid = async (random: () => number, operation: Operation) => {
    const often = times.get(operation) ?? 0
    if (heavy.test(operation.name) && often >= 3) return
    times.set(operation, often + 1)
    const input = validInput(random, operation)
    check(await owner.call(operation.name, input), `${operation.name} ${JSON.stringify(input)}`)
    count++
  }

  const work = async (n: number) => {
    const random = seeded(seedOfRun() + n)
    const model = new Model(String(n), owner, random)
    for (const [i, operation] of operations.entries()) if (i % workers === n) await valid(random, operation)
    while (count < total) {
      const kind = random()
      if (kind < 0.3) {
        // Not with +=, which would forget what the others have counted meanwhile.
        const requests = await model.step()
        count += requests
      } else if (kind < 0.45) await valid(random, pick(random, light))
      else if (kind < 0.46) {
        const stream = await openStream(
          serving,
          serving.token,
          `${pick(random, Object.keys(streams))}?name=a`.replace(/(?<!locks\/stream)\?name=a/, ''),
        )
        check({ status: stream.response.statusCode ?? 0, headers: {}, text: '', json: undefined }, 'a stream')
        stream.cut()
        count++
      } else {
        const { path, sent } = wrongRequest(random)
        const asking = random() < 0.9 ? owner.send(path, sent) : send(serving.url, path, sent)
        check(await asking, `${sent.method} ${path} ${String(JSON.stringify(sent)).slice(0, 300)}`)
        count++
      }
      if (baseline === undefined && count > total * 0.4) baseline = heapUsed()
    }
  }
  await Promise.all(Array.from({ length: workers }, (_, n) => work(n)))
  const growth = heapUsed() - (baseline ?? 0)
  console.log(
    `${count} requests,`,
    Object.fromEntries([...counts].sort()),
    `heap +${(growth / 2 ** 20).toFixed(1)} MiB`,
  )
  expect([...times.keys()].length).toBe(operations.length)
  expect(growth).toBeLessThan(32 * 2 ** 20)
  expect((await owner.send('/health')).json).toEqual({ status: 'ok' })
  const { checks } = (await owner.call('maintenance.doctor')).json
  // Agents that were named and never registered are what such requests leave behind.
  const wrong = checks.filter((check: { name: string; ok: boolean }) => !check.ok && check.name !== 'orphans')
  expect(wrong).toEqual([])
})

function heapUsed(): number {
  v8.setFlagsFromString('--expose-gc')
  vm.runInNewContext('gc')()
  return process.memoryUsage().heapUsed
}
