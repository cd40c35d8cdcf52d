import { expect, it } from 'vitest'
import { streams } from '../../src/http/stream-sources.ts'
import { operations } from '../../src/operations.ts'
import { openScratch } from '../support/memory.ts'
import { caller, send } from '../support/requests.ts'
import { startHttp } from '../support/server.ts'

async function start() {
  const memory = await openScratch()
  const serving = await startHttp(memory)
  return { memory, serving, owner: caller(serving, serving.token) }
}

type Node = Record<string, unknown>

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null

/** Everything in a document, with where it is. */
function* nodesOf(value: unknown, at = '#'): Generator<[string, Node]> {
  if (!isNode(value)) return
  yield [at, value]
  for (const [name, item] of Object.entries(value)) yield* nodesOf(item, `${at}/${name}`)
}

function resolve(document: Node, reference: string): unknown {
  const steps = reference.split('/').slice(1)
  return steps.reduce<unknown>(
    (node, step) => (isNode(node) ? node[step.replaceAll('~1', '/')] : undefined),
    document,
  )
}

/** What the specification of OpenAPI 3.1 demands, and this document needs. */
function problemsOf(document: Node): string[] {
  const found: string[] = []
  const demand = (holds: unknown, what: string) => void (holds || found.push(what))
  demand(/^3\.1\.\d+$/.test(String(document.openapi)), 'openapi')
  const info = document.info as Node
  demand(typeof info.title === 'string' && typeof info.version === 'string', 'info')
  for (const [at, node] of nodesOf(document)) {
    if (typeof node.$ref === 'string') demand(resolve(document, node.$ref), `${at} refers to ${node.$ref}`)
    demand(!('$schema' in node) && !('$defs' in node), `${at} is a document of its own`)
  }
  const ids = new Set<unknown>()
  for (const [path, item] of Object.entries(document.paths as Record<string, Node>)) {
    demand(path.startsWith('/'), path)
    for (const [method, operation] of Object.entries(item) as [string, Node][]) {
      const at = `${method} ${path}`
      demand(/^(get|post|put|delete|patch|head|options|trace)$/.test(method), at)
      demand(
        typeof operation.operationId === 'string' && !ids.has(operation.operationId),
        `${at} operationId`,
      )
      ids.add(operation.operationId)
      demand(isNode(operation.responses) && Object.keys(operation.responses).length > 0, `${at} responses`)
      for (const [status, response] of Object.entries(operation.responses as Record<string, Node>)) {
        demand(/^([1-5]\d\d|default)$/.test(status), `${at} ${status}`)
        demand('$ref' in response || typeof response.description === 'string', `${at} ${status} description`)
      }
      const parameters = (operation.parameters ?? []) as Node[]
      const resolved = parameters.map(
        each => (each.$ref === undefined ? each : resolve(document, String(each.$ref))) as Node,
      )
      const places = resolved.map(({ name, in: place }) => `${place} ${name}`)
      demand(new Set(places).size === places.length, `${at} names a parameter twice`)
      for (const { name, in: place, required, schema } of resolved) {
        demand(
          ['query', 'header', 'path', 'cookie'].includes(String(place)) && isNode(schema),
          `${at} ${name}`,
        )
        if (place === 'path') demand(required === true && path.includes(`{${name}}`), `${at} ${name}`)
      }
      for (const [, name] of path.matchAll(/\{(\w+)\}/g))
        demand(places.includes(`path ${name}`), `${at} has no ${name}`)
      if (method === 'get' || method === 'delete')
        demand(operation.requestBody === undefined, `${at} has a body`)
    }
  }
  return found
}

it('describes itself in valid OpenAPI, every operation and stream', async () => {
  const { owner } = await start()
  const { json, headers } = await owner.send('/openapi.json')
  expect(headers['content-type']).toBe('application/json')
  expect(problemsOf(json)).toEqual([])
  for (const { name, effect, summary } of operations) {
    const item = json.paths[`/v1/${name.replace('.', '/')}`]
    expect(item.post, name).toMatchObject({ operationId: name, summary })
    expect(item.get !== undefined, name).toBe(effect === 'read')
  }
  for (const path of Object.keys(streams)) expect(json.paths[`/v1/${path}`].get).toBeDefined()
})

it('finds what is wrong in a document', () => {
  const wrong = {
    openapi: '3.1.0',
    info: { title: 'x', version: '1' },
    paths: { '/a/{id}': { get: { responses: {}, x: { $ref: '#/no' } } } },
  }
  expect(problemsOf(wrong)).toHaveLength(4)
})

it('answers on every route that it describes', async () => {
  const { owner } = await start()
  const { json } = await owner.send('/openapi.json')
  const paths = json.paths as Record<string, Node>
  for (const [path, item] of Object.entries(paths)) {
    if (path.endsWith('/stream')) continue
    for (const method of Object.keys(item)) {
      const body = method === 'post' ? '{"nope":1}' : undefined
      const answer = await owner.send(path, { method: method.toUpperCase(), ...(body && { body }) })
      if (answer.status === 404)
        expect(answer.json.error.message, `${method} ${path}`).not.toMatch(/^there is no (GET|POST|DELETE)/)
    }
  }
})

it('tells of itself in the text that Prometheus reads', async () => {
  const { memory, owner, serving } = await start()
  await memory.tasks.create({ description: 'x', queue: 'a "quoted\\\nname"' })
  await owner.call('kv.store', { key: 'a', value: 1 })
  await owner.send('/v1/made-up-1')
  await owner.send('/v1/made-up-2')
  const { text, headers } = await owner.send('/metrics')
  expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8')
  const samples = parsePrometheus(text)
  expect(samples.get('hivewax_tasks{status="pending"}')).toBe(1)
  expect(samples.get('hivewax_queue_ready{queue="a \\"quoted\\\\\\nname\\""}')).toBe(1)
  const stored = 'method="POST",route="/v1/kv/store",status="200"'
  expect(samples.get(`hivewax_request_seconds_count{${stored}}`)).toBe(1)
  expect(samples.get(`hivewax_request_seconds_bucket{${stored},le="+Inf"}`)).toBe(1)
  expect(text).not.toContain('made-up')
  expect(samples.get('hivewax_store_bytes')).toBeGreaterThan(0)
  const { token } = await memory.tokens.create({ principal: 'x', permissions: ['tasks'] })
  expect((await caller(serving, token).send('/metrics')).status).toBe(403)
})

/** The samples of a text in the format 0.0.4, each of which must belong to a family declared before. */
function parsePrometheus(text: string): Map<string, number> {
  expect(text.endsWith('\n')).toBe(true)
  const samples = new Map<string, number>()
  const families = new Map<string, string>()
  for (const line of text.split('\n').filter(Boolean)) {
    const type = /^# TYPE ([a-z_]+) (counter|gauge|histogram)$/.exec(line)
    if (type !== null) families.set(type[1]!, type[2]!)
    if (line.startsWith('#')) {
      expect(line).toMatch(/^# (HELP|TYPE) [a-z_]+ .+$/)
      continue
    }
    const label = '[a-z_]+="(?:[^"\\\\\\n]|\\\\[\\\\"n])*"'
    const sample = new RegExp(`^([a-z_]+)(\\{${label}(?:,${label})*\\})? (\\S+)$`).exec(line)
    expect(sample, line).not.toBeNull()
    const [, name = '', labels = '', value] = sample!
    expect(
      families.has(name) || families.get(name.replace(/_(bucket|sum|count)$/, '')) === 'histogram',
      line,
    ).toBe(true)
    expect(samples.has(name + labels), line).toBe(false)
    expect(Number(value), line).not.toBeNaN()
    samples.set(name + labels, Number(value))
  }
  return samples
}

it('says whether it is well to whoever asks', async () => {
  const { memory, serving } = await start()
  expect(await send(serving.url, '/health')).toMatchObject({ status: 200, json: { status: 'ok' } })
  await memory.close()
  expect((await send(serving.url, '/health')).status).toBe(503)
})
