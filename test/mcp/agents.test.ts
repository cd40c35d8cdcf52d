import fs from 'node:fs'
import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { expect, it, onTestFinished } from 'vitest'
import { hook, inStore } from '../hooks/run.ts'
import { cliEnv, hivewaxFile } from '../support/cli.ts'
import { TestClock } from '../support/clock.ts'
import { openScratch, scratchFolder } from '../support/memory.ts'
import { until } from '../support/remote.ts'
import { type Answered, ask, eras, overHttp, overStdio } from './support.ts'

const claim = (client: Client, more = {}) => ask(client, 'tasks_write', { action: 'claim', ...more })

const complete = (client: Client, { id, token }: { id: string; token: number }) =>
  ask(client, 'tasks_write', { action: 'complete', id, token })

/** The store of servers that were started in a folder. */
const storeOf = (folder: string) => openScratch({ background: false }, `${folder}/memory.db`)

/** A client of a server process of its own, and the id of that process. */
async function connected(
  folder: string,
  { name = 'claude-code', env = {}, args = [] as string[], through = [] as string[] } = {},
) {
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [...through, hivewaxFile, 'mcp', ...args],
    env: { ...cliEnv(folder, { HIVEWAX_URL: `${folder}/.swarm/memory.db` }), ...env } as Record<
      string,
      string
    >,
    cwd: folder,
  })
  const client = new Client({ name, version: '1.0.0' })
  await client.connect(transport)
  onTestFinished(() => client.close())
  return { client, pid: transport.pid ?? 0 }
}

async function projectFolder(): Promise<string> {
  const folder = scratchFolder()
  await inStore(folder, async () => {})
  return folder
}

it.each(eras)('three agents that think for 40 seconds do each task once: %s', async era => {
  const clock = new TestClock()
  const memory = await openScratch({ clock })
  const clients = await Promise.all([1, 2, 3].map(() => overHttp(era, memory)))
  for (const id of ['a', 'b', 'c']) await memory.tasks.create({ id, description: id })
  const claims: Answered[] = []
  for (const client of clients) claims.push(await claim(client))
  expect(claims.map(({ data }) => data[0].id)).toEqual(['a', 'b', 'c'])
  clock.advance(40_000)
  for (const client of clients) expect((await claim(client)).data).toEqual([])
  for (const [i, client] of clients.entries()) {
    expect(await complete(client, claims[i]?.data[0])).toMatchObject({ isError: false })
  }
  expect(await memory.tasks.counts()).toMatchObject({ completed: 3 })
})

it('a task claimed over MCP is its agent’s for half an hour over HTTP, and for --hold over a connection', async () => {
  const clock = new TestClock()
  const memory = await openScratch({ clock })
  const http = await overHttp('modern', memory)
  await memory.tasks.create({ description: 'x' })
  const [task] = (await claim(http)).data
  expect(new Date(task.leaseUntil).getTime() - clock.now()).toBe(1_800_000)

  const folder = await projectFolder()
  const { client } = await connected(folder, { args: ['--hold', '3h'] })
  await ask(client, 'tasks_write', { action: 'create', description: 'x' })
  expect((await claim(client)).data).toMatchObject([{ leaseMs: 10_800_000 }])
  const lock = await ask(client, 'swarm_write', { action: 'locks.acquire', name: 'deploy' })
  expect(lock.data).toMatchObject({ leaseMs: 10_800_000 })
  const short = await ask(client, 'swarm_write', { action: 'locks.acquire', name: 'short', leaseMs: 1000 })
  expect(short.data).toMatchObject({ leaseMs: 1000 })
})

it('two connections of one client are told apart in claim, author and event', async () => {
  const folder = await projectFolder()
  const [{ client: one }, { client: two }] = await Promise.all([connected(folder), connected(folder)])
  const names: string[] = []
  for (const client of [one, two]) {
    await ask(client, 'tasks_write', { action: 'create', description: 'x' })
    const [{ assignedTo, createdBy }] = (await claim(client)).data
    await ask(client, 'remember', { key: assignedTo, value: 1 })
    await ask(client, 'log_write', { type: 'decision', data: 1 })
    await ask(client, 'state_write', { key: assignedTo, value: 1 })
    expect(createdBy).toBe(assignedTo)
    names.push(assignedTo)
  }
  expect(new Set(names).size).toBe(2)
  for (const name of names) expect(name).toMatch(/^claude-code-[0-9a-f]{8}$/)
  await inStore(folder, async memory => {
    const events = await memory.events.list({ types: ['decision'] })
    expect(events.items.map(({ source }) => source)).toEqual(names)
    for (const name of names) {
      expect(await memory.kv.get(name)).toMatchObject({ author: { agent: name, via: 'mcp:claude-code' } })
      const author = { agent: name, via: 'mcp:claude-code' }
      expect(await memory.shared.get(name)).toMatchObject({ updatedBy: name, author })
      expect(await memory.agents.get(name)).toMatchObject({ type: 'claude-code', alive: true })
    }
  })
  await Promise.all([one.close(), two.close()])
  await inStore(folder, async memory => {
    const { items } = await memory.events.list({ types: ['agent.*', 'task.*'] })
    for (const { type, source, data, author } of items) {
      expect(author, type).toEqual({ agent: source, via: 'mcp:claude-code' })
      if (type.startsWith('agent.')) expect(data).toMatchObject({ agentId: source })
    }
    const of = (name: string) => items.filter(({ source }) => source === name).map(({ type }) => type)
    for (const name of names)
      expect(of(name)).toEqual([
        'agent.registered',
        'task.created',
        'task.claimed',
        'agent.lapsed',
        'agent.deleted',
      ])
  })
})

it('a server and the hooks of one session are one agent, which the end of the session takes out', async () => {
  const folder = await projectFolder()
  const session_id = '5f0c2a1e-8d7b-4a43-9a0e-2f4f6f1f7a10'
  const input = { session_id, cwd: folder, source: 'startup' }
  hook(folder, 'SessionStart', input)
  const { client } = await connected(folder, { env: { CLAUDE_CODE_SESSION_ID: session_id } })
  await ask(client, 'briefing')
  hook(folder, 'SubagentStart', { ...input, agent_id: 'a3f9c2', agent_type: 'Explore' })
  const ids = () => inStore(folder, async memory => (await memory.agents.list()).items.map(({ id }) => id))
  expect(await ids()).toEqual(['claude-code-5f0c2a1e', 'claude-code-5f0c2a1e/a3f9c2'])
  const agent = await inStore(folder, memory => memory.agents.get('claude-code-5f0c2a1e'))
  expect(agent?.metadata).toMatchObject({ session: `claude-code:${session_id}`, cwd: folder })
  hook(folder, 'SubagentStop', { ...input, agent_id: 'a3f9c2' })
  await client.close()
  hook(folder, 'SessionEnd', { ...input, reason: 'exit' })
  expect(await ids()).toEqual([])
})

it('a server and the hooks of a session of Codex are one agent, and sessions of one minute are two', async () => {
  const folder = await projectFolder()
  const names: string[] = []
  for (const end of ['4df7a8b2', '4df7a8b3']) {
    const session_id = `01a23614-517a-78b3-b3d4-9499${end}`
    hook(folder, 'SessionStart', { session_id, cwd: folder, source: 'startup' }, '--client', 'codex')
    const { client } = await connected(folder, { name: 'codex-mcp-client' })
    const params = { name: 'remember', arguments: { key: 'x', value: 1 }, _meta: { sessionId: session_id } }
    await client.callTool(params)
    const author = await inStore(folder, async memory => (await memory.kv.get('x'))?.author)
    expect(author).toEqual({ agent: `codex-${end}`, via: 'mcp:codex' })
    names.push(`codex-${end}`)
    await inStore(folder, async memory =>
      expect((await memory.agents.list()).items.map(({ id }) => id)).toEqual([`codex-${end}`]),
    )
    await client.close()
  }
  expect(new Set(names).size).toBe(2)
})

it('a briefing marks what others did since the agent, or the session of its client before it, was here', async () => {
  const folder = await projectFolder()
  for (const args of [[], ['--agent', 'ada']]) {
    const first = await connected(folder, { args })
    await ask(first.client, 'remember', { key: 'seen', value: 1 })
    await first.client.close()
    const bob = await connected(folder, { name: 'codex', args: ['--agent', 'bob'] })
    await ask(bob.client, 'remember', { key: 'meanwhile', value: 1 })
    await bob.client.close()
    const { client } = await connected(folder, { args })
    await ask(client, 'remember', { key: 'own', value: 1 })
    const { text } = await ask(client, 'briefing')
    expect(text).toMatch(/^Memory \(1 written since /m)
    expect(text).toMatch(/^- "meanwhile" = 1 \(new, \S+Z by "bob"\)$/m)
    await client.close()
  }
})

/** Claims a task and a lock through a client, and leaves the task to be claimed by another. */
async function hold(client: Client, folder: string): Promise<string> {
  await inStore(folder, memory => memory.tasks.create({ id: 'x', description: 'x' }))
  const [{ assignedTo }] = (await claim(client)).data
  await ask(client, 'swarm_write', { action: 'locks.acquire', name: 'deploy' })
  return assignedTo
}

it.each(['close', 'SIGTERM', 'SIGINT'] as const)(
  'the end of a connection gives everything back at once: %s',
  async how => {
    const folder = await projectFolder()
    const { client, pid } = await connected(folder)
    const agentId = await hold(client, folder)
    if (how === 'close') await client.close()
    else {
      process.kill(pid, how)
      await until(
        async () => fs.existsSync(`/proc/${pid}`),
        isThere => !isThere,
      )
    }
    await inStore(folder, async memory => {
      expect(await memory.agents.get(agentId)).toBeUndefined()
      expect(await memory.tasks.claim({ agentId: 'next' })).toMatchObject([{ id: 'x' }])
      expect(await memory.locks.acquire('deploy', { owner: 'next' })).toMatchObject({ owner: 'next' })
    })
  },
)

it.each([
  ['close', { env: { CLAUDE_CODE_SESSION_ID: '5f0c2a1e-8d7b-4a43-9a0e-2f4f6f1f7a10' } }],
  ['kill', { args: ['--agent', 'ada'] }],
] as const)(
  'an agent keeps what it holds until the last of its connections has ended: %s',
  async (how, options) => {
    const folder = await projectFolder()
    const connect = () => connected(folder, options as object)
    const [one, two, three] = await Promise.all([connect(), connect(), connect()])
    const end = ({ client, pid }: typeof one) => (how === 'close' ? client.close() : killed(pid))
    await ask(one.client, 'tasks_write', { action: 'create', id: 'x', description: 'x' })
    const [{ assignedTo }] = (await claim(one.client)).data
    for (const { client } of [two, three]) await ask(client, 'recall', { glob: '*' })
    for (const connection of [two, one]) {
      await end(connection)
      await inStore(folder, async memory => {
        expect(await memory.tasks.claim({ agentId: 'next' })).toEqual([])
        expect(await memory.agents.get(assignedTo)).toMatchObject({ alive: true })
      })
    }
    await end(three)
    await inStore(folder, async memory => {
      expect(await memory.tasks.claim({ agentId: 'next' })).toMatchObject([{ id: 'x' }])
    })
  },
)

/** A program that has the server as its child, as clients have theirs. */
const clientProgram = `
  const { spawn } = require('node:child_process')
  const server = spawn(process.execPath, process.argv.slice(1), { stdio: ['pipe', 'inherit', 'inherit'] })
  process.stdin.pipe(server.stdin)`

it('a client that is killed gives everything back at once, since its server hears of it', async () => {
  const folder = await projectFolder()
  const { client, pid } = await connected(folder, { through: ['-e', clientProgram] })
  const agentId = await hold(client, folder)
  process.kill(pid, 'SIGKILL')
  await inStore(folder, async memory => {
    // Who lapses stays in the registry: only the server itself takes its agent out of it.
    await until(
      () => memory.agents.get(agentId),
      agent => agent === undefined,
    )
    expect(await memory.tasks.claim({ agentId: 'next' })).toMatchObject([{ id: 'x' }])
    expect(await memory.locks.acquire('deploy', { owner: 'next' })).toMatchObject({ owner: 'next' })
  })
})

/** Ends a process as nothing in it can notice, and waits until it is gone. */
async function killed(pid: number): Promise<void> {
  process.kill(pid, 'SIGKILL')
  await until(
    async () => fs.existsSync(`/proc/${pid}`),
    isThere => !isThere,
  )
}

it('what a killed server held is free at the next look', async () => {
  const folder = await projectFolder()
  const { client, pid } = await connected(folder)
  const agentId = await hold(client, folder)
  await killed(pid)
  await inStore(folder, async memory => {
    expect(await memory.tasks.list()).toMatchObject({ items: [{ id: 'x', status: 'lapsed' }] })
    expect(await memory.agents.list({ alive: false })).toMatchObject({ items: [{ id: agentId }] })
    expect(await memory.locks.list()).toEqual({ items: [] })
    expect(await memory.tasks.claim({ agentId: 'next' })).toMatchObject([{ id: 'x', attempt: 2 }])
    expect(await memory.locks.acquire('deploy', { owner: 'next' })).toMatchObject({ owner: 'next' })
    expect(await memory.agents.get(agentId)).toMatchObject({ alive: false })
    const { items } = await memory.events.list({ types: ['agent.lapsed'] })
    expect(items).toMatchObject([{ source: 'system', data: { agentId, tasks: ['x'], locks: ['deploy'] } }])
  })
})

it('who waits for work gets what a killed server held, with no lease of it near its end', async () => {
  const folder = await projectFolder()
  const { client, pid } = await connected(folder)
  await hold(client, folder)
  await inStore(folder, async memory => {
    const stop = new AbortController()
    const worked: string[] = []
    const work = async ({ id }: { id: string }) => {
      worked.push(id)
      stop.abort()
    }
    const done = memory.as('next').tasks.work(work, { signal: stop.signal })
    await killed(pid)
    await done
    expect(worked).toEqual(['x'])
  })
})

it('what a killed server held is free once its agent has lapsed, where nobody can tell that it is gone', async () => {
  const folder = await projectFolder()
  const { client, pid } = await connected(folder, { args: ['--hold', '900ms'] })
  await inStore(folder, memory => memory.tasks.create({ id: 'x', description: 'x' }))
  // Of its own choice for an hour: the lapse alone can free it.
  expect((await claim(client, { leaseMs: 3_600_000 })).data).toMatchObject([{ id: 'x' }])
  await inStore(folder, memory => memory.execute("update hivewax_agent_connections set machine = 'another'"))
  await killed(pid)
  await inStore(folder, async memory => {
    const [task] = await until(
      () => memory.tasks.claim({ agentId: 'next' }),
      claimed => claimed.length > 0,
    )
    expect(task).toMatchObject({ id: 'x', attempt: 2 })
  })
})

it('a call renews what the agent holds', async () => {
  const folder = await projectFolder()
  const { client } = await connected(folder, { args: ['--hold', '8s'] })
  await hold(client, folder)
  const task = async () => {
    await ask(client, 'recall', { glob: '*' })
    return inStore(folder, memory => memory.tasks.get('x'))
  }
  const renewed = await until(task, task => Number(task?.updatedAt) > Number(task?.claimedAt))
  expect(renewed).toMatchObject({ status: 'running' })
})

it('an agent that was given a name keeps its registration, and what it can do', async () => {
  const folder = scratchFolder()
  const memory = await storeOf(folder)
  await memory.agents.register({ id: 'coder-1', type: 'coder', capabilities: ['sql'] })
  const client = await overStdio('modern', folder, '--agent', 'coder-1')
  await memory.tasks.create({ id: 'x', description: 'x', requires: ['sql'] })
  expect((await claim(client)).data).toMatchObject([{ id: 'x', assignedTo: 'coder-1' }])
  await client.close()
  expect(await memory.agents.get('coder-1')).toMatchObject({
    type: 'coder',
    capabilities: ['sql'],
    alive: false,
  })
  expect(await memory.tasks.claim({ agentId: 'next', capabilities: ['sql'] })).toMatchObject([{ id: 'x' }])
})

it('over HTTP the principal of a token acts, and its agent where it has one', async () => {
  const memory = await openScratch()
  const grant = { principal: 'ada', permissions: ['admin'] as const }
  for (const [more, name] of [
    [{}, 'ada'],
    [{ agentId: 'coder-1' }, 'coder-1'],
  ] as const) {
    const client = await overHttp('modern', memory, { ...grant, ...more, permissions: ['admin'] })
    await ask(client, 'log_write', { type: 'decision', data: 1 })
    const author = { agent: name, via: 'mcp:tester' }
    expect(await memory.events.latest()).toMatchObject({ source: name, author })
  }
  const client = await overHttp('modern', memory)
  await ask(client, 'log_write', { type: 'decision', data: 1 })
  expect((await memory.events.latest())?.source).toBe('tester')
})
