import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import readline from 'node:readline'
import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { openMemory } from '../../src/open.ts'
import { ask } from '../mcp/support.ts'
import { cliEnv, hivewax, hivewaxFile } from '../support/cli.ts'
import { scratchFolder } from '../support/memory.ts'
import { take } from '../support/take.ts'

/** A project in git, whose memory, as everywhere, git ignores. */
function project(): string {
  const folder = fs.realpathSync(scratchFolder())
  git(folder, 'init', '--quiet')
  expect(hivewax(folder, ['store', 'plan', 'old'])).toMatchObject({ status: 0 })
  return folder
}

function git(folder: string, ...args: string[]): void {
  expect(spawnSync('git', args, { cwd: folder })).toMatchObject({ status: 0 })
}

/** Removes the memory under all who have it open. */
function clean(folder: string): void {
  git(folder, 'clean', '-fdxq')
}

const gone = { code: 'store_gone', retryable: true }
const patiently = { timeout: 60_000, interval: 20 }

/** Starts `hivewax` in a folder; what it prints comes by lines. */
function start(folder: string, ...args: string[]) {
  const child = spawn(process.execPath, [hivewaxFile, ...args], {
    cwd: folder,
    env: cliEnv(folder),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  return { child, lines: linesOf(child.stdout), log: linesOf(child.stderr), exited: exitOf(child) }
}

function linesOf(stream: NodeJS.ReadableStream): string[] {
  const lines: string[] = []
  readline.createInterface({ input: stream }).on('line', line => lines.push(line))
  return lines
}

async function exitOf(child: ChildProcess): Promise<number | null> {
  const [code] = await once(child, 'exit')
  return code
}

describe('an MCP server over stdio whose memory was deleted', () => {
  async function connected(folder: string) {
    const transport = new StdioClientTransport({
      command: process.execPath,
      args: [hivewaxFile, 'mcp'],
      env: cliEnv(folder) as Record<string, string>,
      cwd: folder,
      stderr: 'pipe',
    })
    const client = new Client({ name: 'tester', version: '1.0.0' })
    const log = linesOf(transport.stderr as unknown as NodeJS.ReadableStream)
    await client.connect(transport)
    onTestFinished(() => client.close())
    return { client, log }
  }

  it('answers one call with the error, and the next from the store that another process has made', async () => {
    const folder = project()
    const { client, log } = await connected(folder)
    expect((await ask(client, 'recall', { key: 'plan' })).data).toMatchObject({ value: 'old' })
    clean(folder)
    hivewax(folder, ['store', 'plan', 'new'])
    expect(await ask(client, 'recall', { key: 'plan' })).toMatchObject({ isError: true, error: gone })
    expect((await ask(client, 'recall', { key: 'plan' })).data).toMatchObject({ value: 'new' })
    await vi.waitFor(
      () => expect(log.join()).toMatch(/memory\.db was (deleted or moved|replaced).*anew/),
      patiently,
    )
  })

  it('makes a new store where nobody has, and writes into it', async () => {
    const folder = project()
    const { client } = await connected(folder)
    clean(folder)
    const remember = () => ask(client, 'remember', { key: 'k', value: 1 })
    expect(await remember()).toMatchObject({ isError: true, error: gone })
    expect(await remember()).toMatchObject({ isError: false })
    expect(hivewax(folder, ['retrieve', 'k']).stdout.trim()).toBe('1')
    // As which it acts it is registered there too.
    expect(hivewax(folder, ['agents', 'list']).stdout).toContain('tester-')
  })

  it('goes on when its file alone was deleted, and says where all that it held is saved', async () => {
    const folder = project()
    const { client } = await connected(folder)
    const remember = () => ask(client, 'remember', { key: 'k', value: 1 })
    expect(await remember()).toMatchObject({ isError: false })
    const file = path.join(folder, '.swarm/memory.db')
    fs.rmSync(file)
    const told = await remember()
    expect(told).toMatchObject({ isError: true, error: gone })
    expect(told.error?.message).toContain(`saved as ${file}.saved-*`)
    expect(await remember()).toMatchObject({ isError: false })
    const saved = fs.readdirSync(path.dirname(file)).filter(name => name.startsWith('memory.db.saved-'))
    expect(hivewax(folder, ['restore', path.join('.swarm', saved[0]!), '--yes'])).toMatchObject({ status: 0 })
    expect((await ask(client, 'recall', { key: 'plan' })).data).toMatchObject({ value: 'old' })
  })

  it('goes with its project when that is moved, and leaves no store behind', async () => {
    const folder = fs.realpathSync(scratchFolder())
    const inside = path.join(folder, 'project')
    fs.mkdirSync(inside)
    git(inside, 'init', '--quiet')
    const { client } = await connected(inside)
    const remember = (value: number) => ask(client, 'remember', { key: 'k', value })
    expect(await remember(1)).toMatchObject({ isError: false })
    fs.renameSync(inside, path.join(folder, 'moved'))
    expect(await remember(2)).toMatchObject({ isError: true, error: gone })
    expect((await ask(client, 'recall', { key: 'k' })).data).toMatchObject({ value: 1 })
    expect(await remember(3)).toMatchObject({ isError: false })
    expect(hivewax(path.join(folder, 'moved'), ['retrieve', 'k']).stdout.trim()).toBe('3')
    expect(fs.readdirSync(folder)).toEqual(['moved'])
  })

  it('tells who listens of what the new store holds', async () => {
    const folder = project()
    const { client } = await connected(folder)
    const heard: string[] = []
    client.setNotificationHandler(
      'notifications/resources/updated',
      ({ params }) => void heard.push(params.uri),
    )
    const uri = 'hivewax://memory/default/plan'
    await client.subscribeResource({ uri })
    clean(folder)
    hivewax(folder, ['store', 'plan', 'new'])
    await vi.waitFor(() => expect(heard).toContain(uri), patiently)
  })
})

it('a server over HTTP opens its memory anew, for callers, streams and transactions', async () => {
  const folder = project()
  const { lines, log } = start(folder, 'serve', '--port', '0', '--json')
  await vi.waitFor(() => expect(lines).toHaveLength(1), patiently)
  const { url, tokenFile } = JSON.parse(lines[0]!).data
  const token = fs.readFileSync(tokenFile, 'utf8').trim()
  const memory = await openMemory(url, { token })
  onTestFinished(() => memory.close())
  expect(await memory.retrieve('plan')).toBe('old')
  const subscribed = take(memory.events.subscribe(), 1)
  const begun = Promise.withResolvers<void>()
  const cleaned = Promise.withResolvers<void>()
  const transaction = memory.transaction(async tx => {
    await tx.store('k', 1)
    begun.resolve()
    await cleaned.promise
    await tx.store('k', 2)
  })
  const outcomes = Promise.allSettled([transaction, subscribed])
  await begun.promise
  clean(folder)
  cleaned.resolve()
  for (const outcome of await outcomes) expect(outcome).toMatchObject({ status: 'rejected', reason: gone })
  hivewax(folder, ['store', 'plan', 'new'])
  expect(await memory.retrieve('plan')).toBe('new')
  expect(fs.readFileSync(tokenFile, 'utf8').trim()).toBe(token)
  expect(await (await fetch(`${url}/health`)).json()).toEqual({ status: 'ok' })
  await vi.waitFor(
    () => expect(log.join()).toMatch(/memory\.db was (deleted or moved|replaced).*anew/),
    patiently,
  )
})

it('a worker goes on with the tasks of the new store, and settles none of the old one', async () => {
  const folder = project()
  hivewax(folder, ['tasks', 'create', 'first', '--id', 'first'])
  const { child, lines, log, exited } = start(
    folder,
    'work',
    '--json',
    '--exec',
    'test $HIVEWAX_TASK_ID != first || sleep 600',
  )
  const isSaid = (id: string) =>
    vi.waitFor(() => expect(lines.some(line => line.includes(`"${id}"`))).toBe(true), patiently)
  await isSaid('first')
  clean(folder)
  hivewax(folder, ['tasks', 'create', 'second', '--id', 'second'])
  await vi.waitFor(() => expect(statusOf(folder, 'second')).toBe('completed'), {
    timeout: 60_000,
    interval: 200,
  })
  await vi.waitFor(
    () => expect(log.join()).toMatch(/memory\.db was (deleted or moved|replaced).*anew/),
    patiently,
  )
  child.kill('SIGTERM')
  expect(await exited).toBe(0)
})

function statusOf(folder: string, id: string): string {
  return JSON.parse(hivewax(folder, ['tasks', 'get', id, '--json']).stdout).data.status
}
