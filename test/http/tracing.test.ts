import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { SpanStatusCode } from '@opentelemetry/api'
import { expect, it, onTestFinished } from 'vitest'
import { cliEnv, hivewaxFile } from '../support/cli.ts'
import { scratchFolder } from '../support/memory.ts'

const tracing = pathToFileURL(path.join(import.meta.dirname, '../support/tracing.ts')).href

it('has a span for each operation of a server that is traced, in the trace of the request', async () => {
  const folder = scratchFolder()
  const file = path.join(folder, 'spans')
  const env = cliEnv(folder, { HIVEWAX_TEST_SPANS: file, NODE_OPTIONS: `--import ${tracing}` })
  const server = spawn(process.execPath, [hivewaxFile, 'serve', '--port', '0', '--json'], {
    cwd: folder,
    env,
  })
  onTestFinished(() => void server.kill('SIGKILL'))
  const [line] = await once(server.stdout, 'data')
  const { url, tokenFile } = JSON.parse(String(line)).data
  const authorization = `Bearer ${fs.readFileSync(tokenFile, 'utf8').trim()}`
  const [traceId, parent] = ['4bf92f3577b34da6a3ce929d0e0e4736', '00f067aa0ba902b7']
  const post = async (operation: string, input: object, headers = {}) => {
    const body = JSON.stringify(input)
    const all = { authorization, 'content-type': 'application/json', ...headers }
    return (await fetch(`${url}/v1/${operation}`, { method: 'POST', headers: all, body })).status
  }
  expect(
    await post('kv/store', { key: 'secret', value: 1 }, { traceparent: `00-${traceId}-${parent}-01` }),
  ).toBeLessThan(300)
  expect(await post('tasks/complete', { id: 'secret', token: 1 })).toBe(404)
  expect(await post('kv/store', { key: '' })).toBe(400)

  const text = fs.readFileSync(file, 'utf8')
  const spans = text
    .trim()
    .split('\n')
    .map(span => JSON.parse(span))
  expect(spans).toMatchObject([
    { name: 'kv.store', traceId, parent, attributes: {}, status: { code: SpanStatusCode.UNSET } },
    {
      name: 'tasks.complete',
      attributes: { 'error.type': 'not_found' },
      status: { code: SpanStatusCode.ERROR },
    },
  ])
  expect(spans[1].parent).toBeUndefined()
  expect(text).not.toContain('secret')
})
