import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import readline from 'node:readline'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Memory } from '../../src/memory.ts'
import { openMemory } from '../../src/open.ts'
import type { NewTask } from '../../src/tasks/new-task.ts'
import type { Task } from '../../src/tasks/task.ts'
import { cliEnv, hivewax, hivewaxFile } from '../support/cli.ts'
import { scratchFolder } from '../support/memory.ts'
import { openPostgresScratch, scratchUrl } from '../support/postgres.ts'

/** A store where `hivewax` called in the folder has its own, with tasks. */
async function store(...tasks: NewTask[]): Promise<{ folder: string; memory: Memory; get: Get }> {
  const folder = scratchFolder()
  const memory = await openMemory(path.join(folder, '.swarm/memory.db'), { background: false })
  onTestFinished(() => memory.close())
  await memory.tasks.createMany(tasks)
  return { folder, memory, get: async id => (await memory.tasks.get(id))! }
}

type Get = (id: string) => Promise<Task>

/** A worker in the background, whose lines, of `--json` unless they are `--plain`, come one by one. */
function startWork(folder: string, ...args: string[]) {
  const format = args.includes('--plain') ? [] : ['--json']
  const child = spawn(process.execPath, [hivewaxFile, 'work', ...format, '--agent-id', 'w1', ...args], {
    cwd: folder,
    env: cliEnv(folder),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const lines = readline.createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const said = readline.createInterface({ input: child.stderr })[Symbol.asyncIterator]()
  const line = async () => String((await lines.next()).value)
  return {
    line,
    next: async () => JSON.parse(await line()),
    said: async () => String((await said.next()).value),
    kill: (signal: NodeJS.Signals) => child.kill(signal),
    closeOutput: () => child.stdout.destroy(),
    exited: once(child, 'exit').then(([code]) => code as number | null),
  }
}

/** Prints its own id and that of a child of its own, and then runs for long unless told to end. */
const long = 'sleep 60 & echo "$$ $!" >&2; wait'

/** A process that has ended may stay in the table until its parent asks after it. */
const isAlive = (pid: number) =>
  !/^(Z.*)?$/.test(spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).stdout.trim())

const pids = (line: string) => line.split(' ').slice(-2).map(Number)

const once1 = ['--once', '--agent-id', 'w1']

describe('what a command prints', () => {
  it.each([
    ['JSON', 'echo "{\\"files\\": [1]}"', { files: [1] }],
    ['text', 'printf "two\\nlines\\n"', 'two\nlines'],
    ['nothing', 'true', null],
  ])('is the result: %s', async (_what, line, result) => {
    const { folder, get } = await store({ id: 'a', description: 'A' })
    expect(hivewax(folder, ['work', ...once1, '--exec', line])).toMatchObject({ status: 0 })
    expect(await get('a')).toMatchObject({ status: 'completed', result, assignedTo: 'w1' })
  })

  it('is cut where it is more than a value may be, and says so', async () => {
    const { folder, get } = await store({ id: 'a', description: 'A' })
    hivewax(folder, ['work', ...once1, '--exec', 'head -c 3000000 /dev/zero | tr "\\0" "\\""'])
    const { status, result } = await get('a')
    expect(status).toBe('completed')
    expect(result).toMatch(/^"{400000,}… \(cut; 3000000 bytes in all\)$/)
  })

  it('to its standard error is passed on, with the id of its task, unless --quiet', async () => {
    const { folder } = await store({ id: 'a', description: 'A' })
    const line = 'echo first >&2; printf second >&2; exit 75'
    const ran = hivewax(folder, ['work', ...once1, '--later', '1ms', '--exec', `${line.replace('75', '0')}`])
    expect(ran.stderr).toBe('[a] first\n[a] second\n1 completed, 0 failed, 0 released, 0 lost\n')
    expect(ran.stdout).toMatch(
      /^20[-\d]+ [\d:]+ {2}started {4}a {2}A\n20[-\d]+ [\d:]+ {2}completed {2}a {2}\d+s\n$/,
    )
    expect(hivewax(folder, ['work', ...once1, '--quiet', '--exec', line]).stderr).toBe('')
  })
})

describe('a command gets its task', () => {
  it('as JSON on its standard input and in variables, and its words as they are', async () => {
    const { folder, get } = await store({
      id: 'a',
      description: 'do "it"',
      payload: { n: 1 },
      priority: 'high',
    })
    const script = `
      const task = JSON.parse(require('fs').readFileSync(0, 'utf8'))
      const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith('HIVEWAX')))
      console.log(JSON.stringify({ task, env, args: process.argv.slice(1) }))`
    hivewax(folder, ['work', ...once1, '--', process.execPath, '-e', script, '--', '$HOME', '--json', 'a b'])
    const { result } = await get('a')
    expect(result).toMatchObject({
      task: { id: 'a', description: 'do "it"', payload: { n: 1 }, priority: 'high', token: 1, attempt: 1 },
      env: {
        HIVEWAX_TASK_ID: 'a',
        HIVEWAX_TASK_TOKEN: '1',
        HIVEWAX_TASK_ATTEMPT: '1',
        HIVEWAX_TASK_DESCRIPTION: 'do "it"',
        HIVEWAX_TASK_PAYLOAD: '{"n":1}',
        HIVEWAX_URL: path.join(fs.realpathSync(folder), '.swarm/memory.db'),
        HIVEWAX_AGENT: 'w1',
      },
      args: ['$HOME', '--json', 'a b'],
    })
  })

  it('and the URL of a server as it was given, password and all', async () => {
    const given = new URL(scratchUrl())
    given.password ||= 'any'
    const url = given.href
    hivewax(scratchFolder(), ['tasks', 'create', 'A', '--id', 'a', '--url', url])
    hivewax(scratchFolder(), ['work', ...once1, '--url', url, '--exec', 'printenv HIVEWAX_URL'])
    const memory = await openPostgresScratch({}, url)
    expect((await memory.tasks.get('a'))?.result).toBe(url)
  })

  it('of which what is too large for a variable is on its standard input only', async () => {
    const { folder, get } = await store({ id: 'a', description: 'A', payload: 'x'.repeat(110_000) })
    hivewax(folder, [
      'work',
      ...once1,
      '--exec',
      'printenv HIVEWAX_TASK_PAYLOAD || echo "[\\"none\\", $(wc -c)]"',
    ])
    expect((await get('a')).result).toEqual(['none', expect.toSatisfy((size: number) => size > 110_000)])
  })

  it('and can report on it with hivewax, from any folder', async () => {
    const { folder, get } = await store({ id: 'a', description: 'A' })
    const report = `'${process.execPath}' '${hivewaxFile}' tasks heartbeat "$HIVEWAX_TASK_ID" "$HIVEWAX_TASK_TOKEN" --progress 50`
    hivewax(folder, ['work', ...once1, '--exec', `cd / && ${report} >&2`])
    expect(await get('a')).toMatchObject({ status: 'completed', progress: 50 })
  })
})

describe('the exit code of a command', () => {
  it('decides what becomes of its task', async () => {
    // None comes round again while the others still run.
    const backoff = { baseMs: 3_600_000 }
    const tasks = [0, 75, 65, 3].map(code => ({ id: `exit-${code}`, description: String(code), backoff }))
    const { folder, get } = await store(...tasks)
    const line = 'echo "the reason" >&2; exit "$HIVEWAX_TASK_DESCRIPTION"'
    const wanted = [...once1, '--json', '--concurrency', '4', '--later', '1h']
    const ran = hivewax(folder, ['work', ...wanted, '--exec', line])
    const events = ran.stdout
      .trim()
      .split('\n')
      .map(text => JSON.parse(text))
    expect(events.at(-1)).toMatchObject({ event: 'summary', completed: 1, failed: 2, released: 1, lost: 0 })
    expect(events.map(({ event, taskId }) => `${taskId} ${event}`)).toEqual(
      expect.arrayContaining(['exit-0 completed', 'exit-75 later', 'exit-65 given up', 'exit-3 failed']),
    )
    expect(await get('exit-0')).toMatchObject({ status: 'completed', errors: [] })
    expect(await get('exit-75')).toMatchObject({
      status: 'pending',
      attempts: 0,
      errors: [],
      runAt: expect.any(Date),
    })
    const error = (code: number) => ({ error: { message: `exit code ${code}: the reason` } })
    expect(await get('exit-65')).toMatchObject({ status: 'failed', errors: [error(65)] })
    expect(await get('exit-3')).toMatchObject({ status: 'pending', attempts: 1, errors: [error(3)] })
  })

  it('that died by a signal is that of shells', async () => {
    const { folder, get } = await store({ id: 'a', description: 'A', maxAttempts: 1 })
    hivewax(folder, ['work', ...once1, '--exec', 'kill -KILL $$'])
    expect(await get('a')).toMatchObject({
      status: 'dead',
      errors: [{ error: { message: 'exit code 137' } }],
    })
  })

  it('does not matter when there is no such program: the worker ends, and the task is as it was', async () => {
    const { folder, get } = await store({ id: 'a', description: 'A' })
    const ran = hivewax(folder, ['work', ...once1, '--', 'no-such-program'])
    expect(ran).toMatchObject({ status: 2, stderr: expect.stringContaining('cannot run "no-such-program"') })
    expect(await get('a')).toMatchObject({ status: 'pending', attempts: 0 })
  })
})

describe('a running command', () => {
  it('is ended with all that it has started when its task is cancelled', async () => {
    const { folder, memory } = await store({ id: 'a', description: 'A' })
    const work = startWork(folder, '--exec', long)
    expect(await work.next()).toMatchObject({ event: 'started', taskId: 'a', attempt: 1 })
    const running = pids(await work.said())
    expect(running.map(isAlive)).toEqual([true, true])
    await memory.tasks.cancel('a')
    expect(await work.next()).toMatchObject({ event: 'stopped', error: expect.stringContaining('cancelled') })
    expect(running.map(isAlive)).toEqual([false, false])
    work.kill('SIGINT')
    expect(await work.next()).toMatchObject({ event: 'summary', lost: 1 })
    expect(await work.exited).toBe(0)
  })

  it('comes to its end after Ctrl-C, and nothing more is claimed', async () => {
    const { folder, get } = await store({ id: 'a', description: 'A' }, { id: 'b', description: 'B' })
    const work = startWork(
      folder,
      '--exec',
      'echo ready >&2; until [ -e go ]; do sleep 0.05; done; echo done',
    )
    await work.next()
    await work.said()
    work.kill('SIGINT')
    fs.writeFileSync(path.join(folder, 'go'), '')
    expect(await work.next()).toMatchObject({ event: 'completed', taskId: 'a' })
    expect(await work.next()).toMatchObject({ event: 'summary', completed: 1 })
    expect(await work.exited).toBe(0)
    expect(await get('b')).toMatchObject({ status: 'pending', attempts: 0 })
  })

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'is ended by a second %s, and its task given back',
    async signal => {
      const { folder, get } = await store({ id: 'a', description: 'A' })
      const work = startWork(folder, '--plain', '--exec', long)
      expect(await work.line()).toContain('\tstarted\ta\t')
      const running = pids(await work.said())
      work.kill(signal)
      // Signals that come before the first is heard are one.
      expect(await work.said()).toContain('once more, and they are ended')
      work.kill(signal)
      expect(await work.line()).toContain('\tstopped\ta\t')
      expect(running.map(isAlive)).toEqual([false, false])
      expect(await work.said()).toBe('0 completed, 0 failed, 1 released, 0 lost')
      expect(await work.exited).toBe(0)
      expect(await get('a')).toMatchObject({ status: 'pending', attempts: 0, errors: [] })
    },
  )

  it('is ended when nobody reads what the worker says any more, and its task given back', async () => {
    const { folder, memory, get } = await store({ id: 'a', description: 'A' })
    const work = startWork(folder, '--concurrency', '2', '--exec', long)
    expect(await work.next()).toMatchObject({ event: 'started', taskId: 'a' })
    const running = pids(await work.said())
    work.closeOutput()
    await memory.tasks.create({ id: 'b', description: 'B' })
    expect(await work.exited).toBe(0)
    expect(running.map(isAlive)).toEqual([false, false])
    for (const id of ['a', 'b']) expect(await get(id)).toMatchObject({ status: 'pending', attempts: 0 })
  })

  it('is ended when it goes on for longer than --drain, by SIGKILL when it must be', async () => {
    const { folder, get } = await store({ id: 'a', description: 'A' })
    const stubborn = `trap '' TERM; ${long.replace('wait', 'wait; wait; sleep 60')}`
    const work = startWork(folder, '--drain', '1ms', '--exec', stubborn)
    await work.next()
    const running = pids(await work.said())
    work.kill('SIGTERM')
    expect(await work.next()).toMatchObject({ event: 'stopped' })
    // Each of those that are killed dies when its turn comes, and none else for a minute.
    await expect.poll(() => running.some(isAlive)).toBe(false)
    expect(await work.exited).toBe(0)
    expect(await get('a')).toMatchObject({ status: 'pending', attempts: 0 })
  })
})

it.each([
  [[], 'there is no command to run'],
  [['--exec', 'true', '--', 'true'], 'both --exec and a program are given'],
  [['--exec', 'true', '--concurrency', '0'], 'concurrency'],
  [['--exec', 'true', '--lease', 'long'], '--lease must be a length of time'],
])('work %j is refused', (args, message) => {
  const folder = scratchFolder()
  expect(hivewax(folder, ['work', ...args])).toMatchObject({
    status: 2,
    stderr: expect.stringContaining(message),
  })
})
