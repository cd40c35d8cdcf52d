import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import readline from 'node:readline'
import { expect, it, onTestFinished } from 'vitest'
import type { Memory } from '../../src/memory.ts'
import { cliEnv, hivewax, hivewaxFile } from '../support/cli.ts'
import { openScratch, scratchFolder } from '../support/memory.ts'

/** Shows its arguments and what it knows of its lock. */
const tell = [
  process.execPath,
  '-e',
  'const { HIVEWAX_LOCK_NAME: name, HIVEWAX_LOCK_TOKEN: token } = process.env\n' +
    'console.log(JSON.stringify({ name, token, args: process.argv.slice(1) }))',
  '--',
]

it('runs a command with its words as they are, and tells it the name and token of its lock', () => {
  const folder = scratchFolder()
  const words = ['--lease', '-', 'a b', '--', '-x', '']
  for (const token of ['1', '2']) {
    const ran = hivewax(folder, ['lock', 'run', 'deploy', '--lease', '1m', '--', ...tell, ...words])
    expect(ran).toMatchObject({ status: 0, stderr: '' })
    expect(JSON.parse(ran.stdout)).toEqual({ name: 'deploy', token, args: words })
  }
  expect(hivewax(folder, ['locks', 'get', 'deploy']).status).toBe(3)
})

it('exits with the code of the command, and as shells do when a signal ended it', () => {
  const folder = scratchFolder()
  const status = (...words: string[]) => hivewax(folder, ['lock', 'run', 'deploy', '--', ...words]).status
  expect(status('sh', '-c', 'exit 7')).toBe(7)
  expect(status('sh', '-c', 'kill -KILL $$')).toBe(128 + 9)
  const absent = hivewax(folder, ['lock', 'run', 'deploy', '--', 'no-such-program'])
  expect(absent).toMatchObject({ status: 2, stderr: expect.stringContaining('no-such-program') })
  const wrong = hivewax(folder, ['lock', 'run', 'deploy', '--lease', 'long', '--', 'true'])
  expect(wrong).toMatchObject({ status: 2, stderr: expect.stringContaining('--lease') })
  expect(hivewax(folder, ['lock', 'run', 'deploy']).status).toBe(2)
})

it('exits with 4 while somebody else holds the lock, and waits for it when asked', async () => {
  const { folder, memory } = await swarm()
  const held = await memory.locks.acquire('deploy', { owner: 'somebody', leaseMs: 3_600_000 })
  const ran = path.join(folder, 'ran')
  const touch = ['--', 'touch', ran]
  expect(hivewax(folder, ['lock', 'run', 'deploy', ...touch])).toMatchObject({
    status: 4,
    stderr: expect.stringContaining('"somebody"'),
  })
  expect(hivewax(folder, ['lock', 'run', 'deploy', '--wait', '50ms', ...touch]).status).toBe(4)
  expect(fs.existsSync(ran)).toBe(false)
  const waiting = start(folder, ['lock', 'run', 'deploy', '--wait', '1m', ...touch])
  await memory.locks.release(held)
  expect(await waiting.exited).toEqual([0, null])
  expect(fs.existsSync(ran)).toBe(true)
})

it('holds the lock as long as the command runs, under the owner that was named', async () => {
  const { folder, memory } = await swarm()
  const running = start(folder, [
    'lock',
    'run',
    'deploy',
    '--owner',
    'me',
    '--',
    'sh',
    '-c',
    'echo up; read x; exit 3',
  ])
  await running.line('up')
  expect(await memory.locks.get('deploy')).toMatchObject({ owner: 'me', token: 1 })
  running.process.stdin?.end('\n')
  expect(await running.exited).toEqual([3, null])
  expect(await memory.locks.get('deploy')).toBeUndefined()
})

it('passes signals on to the command, and gives the lock back after it', async () => {
  for (const [signal, exitCode] of [
    ['SIGINT', 41],
    ['SIGTERM', 42],
    ['SIGHUP', 43],
  ] as const) {
    const { folder, memory } = await swarm()
    const code = `process.on('${signal}', () => process.exit(${exitCode})); setInterval(() => {}, 1e6); console.log('up')`
    const running = start(folder, ['lock', 'run', 'deploy', '--', process.execPath, '-e', code])
    await running.line('up')
    running.process.kill(signal)
    expect(await running.exited).toEqual([exitCode, null])
    expect(await memory.locks.get('deploy')).toBeUndefined()
  }
})

it('ends the command, by force if need be, and exits with 4 when the lock is lost', async () => {
  const { folder, memory } = await swarm()
  const code =
    "process.on('SIGTERM', () => console.log('told')); setInterval(() => {}, 1e6); console.log('up')"
  const running = start(folder, [
    'lock',
    'run',
    'deploy',
    '--lease',
    '10s',
    '--',
    process.execPath,
    '-e',
    code,
  ])
  await running.line('up')
  await memory.execute(
    "update hivewax_locks set token = 9, owner = 'thief', lease_until = lease_until + 3600000",
  )
  await running.line('told')
  expect(await running.exited).toEqual([4, null])
  expect(await memory.locks.get('deploy')).toMatchObject({ owner: 'thief', token: 9 })
})

/** A folder with a store that the command line finds, and this test has open too. */
async function swarm(): Promise<{ folder: string; memory: Memory }> {
  const folder = scratchFolder()
  hivewax(folder, ['store', 'a', '1'])
  return { folder, memory: await openScratch({}, path.join(folder, '.swarm/memory.db')) }
}

interface Running {
  process: ChildProcess
  /** Resolves when it has printed this line. */
  line(wanted: string): Promise<void>
  /** Its exit code and the signal that ended it. */
  exited: Promise<unknown[]>
}

function start(folder: string, args: readonly string[]): Running {
  const child = spawn(process.execPath, [hivewaxFile, ...args], {
    cwd: folder,
    env: cliEnv(folder),
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const lines: string[] = []
  const reader = readline.createInterface({ input: child.stdout })
  reader.on('line', line => lines.push(line))
  const line = async (wanted: string) => {
    while (!lines.includes(wanted)) await once(reader, 'line')
  }
  return { process: child, line, exited: once(child, 'exit') }
}
