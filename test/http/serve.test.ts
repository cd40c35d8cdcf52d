import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { cliEnv, hivewax, hivewaxFile } from '../support/cli.ts'
import { scratchFolder } from '../support/memory.ts'
import { caller, send } from '../support/requests.ts'
import { openStream } from '../support/sse.ts'

interface Served {
  readonly process: ChildProcess
  readonly url: string
  readonly tokenFile: string
  readonly token: string
  /** What it has printed to the standard error so far. */
  readonly stderr: () => string
  readonly exited: Promise<number | string>
}

/** Starts `hivewax serve` in a folder and waits until it listens. */
async function serve(folder: string, ...args: string[]): Promise<Served> {
  const child = spawn(process.execPath, [hivewaxFile, 'serve', '--port', '0', '--json', ...args], {
    cwd: folder,
    env: cliEnv(folder),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const exited = once(child, 'exit').then(([code, signal]) => code ?? signal)
  let stderr = ''
  child.stderr.on('data', data => {
    stderr += data
  })
  const [line] = await once(child.stdout, 'data')
  const { url, tokenFile } = JSON.parse(String(line)).data
  const token = fs.readFileSync(tokenFile, 'utf8').trim()
  return { process: child, url, tokenFile, token, stderr: () => stderr, exited }
}

it('serves a memory that other commands use too, with a token that only its user can read', async () => {
  const folder = scratchFolder()
  hivewax(folder, ['store', 'a', '1', '--url', '.swarm/memory.db'])
  const served = await serve(folder)
  expect(served.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
  expect(served.tokenFile).toBe(path.join(fs.realpathSync(folder), '.swarm/token'))
  expect(fs.statSync(served.tokenFile).mode & 0o777).toBe(0o600)
  expect(fs.readFileSync(path.join(folder, '.swarm/.gitignore'), 'utf8').trim()).toBe('*')
  const { call, send: ask } = caller(served, served.token)
  expect((await call('kv.retrieve', { key: 'a' })).json).toBe(1)
  await call('kv.store', { key: 'b', value: 2 })
  expect(hivewax(folder, ['retrieve', 'b']).stdout.trim()).toBe('2')
  const made = JSON.parse(
    hivewax(folder, ['token', 'create', 'ci', '--permissions', 'memory:read', '--json']).stdout,
  )
  expect((await caller(served, made.data.token).send('/v1/kv/retrieve?key=a')).json).toBe(1)
  const rows = await call('maintenance.query', { sql: 'select key from memory_store order by key' })
  expect(rows.json).toEqual([{ key: 'a' }, { key: 'b' }])
  const mcp = await ask('/mcp', {
    body: {
      jsonrpc: '2.0',
      id: 1,
      method: 'initialize',
      params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'test', version: '1' } },
    },
    headers: { accept: 'application/json, text/event-stream' },
  })
  expect([mcp.status, mcp.text]).toEqual([200, expect.stringContaining('"serverInfo"')])
  expect((await send(served.url, '/mcp', { body: {} })).status).toBe(401)
  served.process.kill('SIGTERM')
  expect(await served.exited).toBe(0)
})

it('keeps its token from one time to the next, and refuses one that others can read', async () => {
  const folder = scratchFolder()
  const first = await serve(folder, '--url', 'store.db')
  expect(path.basename(first.tokenFile)).toBe('store.db.token')
  const second = await serve(folder, '--url', 'store.db')
  expect(second.token).toBe(first.token)
  fs.chmodSync(first.tokenFile, 0o644)
  const refused = hivewax(folder, ['serve', '--url', 'store.db', '--port', '0'])
  expect([refused.status, refused.stderr]).toEqual([2, expect.stringContaining('can be read by others')])
})

it('answers what is under way, ends its streams, closes its store and exits', async () => {
  const folder = scratchFolder()
  const served = await serve(folder, '--url', 'store.db')
  const { call, send: ask } = caller(served, served.token)
  const stream = await openStream(served, served.token, 'events/stream')
  const ended = (async () => {
    for await (const _ of stream);
  })()
  await call('locks.acquire', { name: 'a', owner: 'x', leaseMs: 60_000 })
  // It waits while the server closes, and is answered.
  const waiting = call('locks.acquire', { name: 'a', owner: 'y', waitMs: 1500 })
  const open = await ask('/v1/transactions', { body: { timeoutMs: 60_000 } })
  await call('kv.store', { key: 'lost', value: 1 }, { 'hivewax-transaction': open.json.id })
  await new Promise(resolve => setTimeout(resolve, 200))
  served.process.kill('SIGINT')
  expect([200, 204, 409]).toContain((await waiting).status)
  await ended
  expect(await served.exited).toBe(130)
  expect(hivewax(folder, ['retrieve', 'lost', '--url', 'store.db']).status).toBe(3)
  expect(fs.existsSync(path.join(folder, 'store.db-wal'))).toBe(false)
})

it('ends at once at a second Ctrl-C', async () => {
  const folder = scratchFolder()
  const served = await serve(folder, '--url', 'store.db')
  const { call } = caller(served, served.token)
  await call('locks.acquire', { name: 'a', owner: 'x', leaseMs: 60_000 })
  const waiting = call('locks.acquire', { name: 'a', owner: 'y', waitMs: 60_000 }).catch(() => 'cut off')
  await new Promise(resolve => setTimeout(resolve, 200))
  served.process.kill('SIGINT')
  await expect
    .poll(async () => (await send(served.url, '/health').catch(() => ({ status: 0 }))).status)
    .not.toBe(200)
  served.process.kill('SIGINT')
  expect(await served.exited).toBe('SIGINT')
  expect(await waiting).toBe('cut off')
})

it('warns when others can reach it, and answers them only under names that were allowed', async () => {
  const folder = scratchFolder()
  const served = await serve(folder, '--url', 'store.db', '--host', '0.0.0.0', '--allow-host', 'hive.example')
  // It is written first, but comes by another pipe.
  await expect.poll(served.stderr).toMatch(/WARNING: 0\.0\.0\.0 .*TLS/)
  const { port } = new URL(served.url)
  const own = Object.values(os.networkInterfaces())
    .flat()
    .find(each => each?.family === 'IPv4' && !each.internal)
  const at = `http://${own?.address ?? '127.0.0.1'}:${port}`
  const ask = (host: string) => caller({ url: at }, served.token).send('/v1/hello', { headers: { host } })
  expect((await ask('hive.example')).status).toBe(200)
  expect((await ask('evil.example')).status).toBe(403)
  if (own !== undefined) expect((await ask(`${own.address}:${port}`)).status).toBe(403)
})

it('says what is wrong with how it is started', async () => {
  const folder = scratchFolder()
  const served = await serve(folder, '--url', 'store.db')
  const { port } = new URL(served.url)
  const wrong = [
    [['--port', port], 'is taken'],
    [['--port', '70000'], '--port'],
    [['--rate', '0'], '--rate'],
    [['--timeout', 'soon'], '--timeout'],
    [['--max-body', '0'], '--max-body'],
    [['--host', '203.0.113.1'], 'listen'],
    [['--files', 'nowhere'], 'nowhere'],
    [['--token-file', 'no/such/folder/token'], 'token'],
  ] as const
  for (const [args, message] of wrong) {
    const { status, stderr } = hivewax(folder, ['serve', '--url', 'store.db', ...args])
    expect([status, stderr], args.join(' ')).toEqual([expect.any(Number), expect.stringContaining(message)])
    expect(status, args.join(' ')).toBeGreaterThan(0)
  }
})
