import { execFile } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { promisify } from 'node:util'
import { expect, it, onTestFinished } from 'vitest'
import { commands } from '../../src/cli/command-tree.ts'
import { childFile } from '../support/bundled-children.ts'
import { cliEnv } from '../support/cli.ts'
import { callOf } from '../support/command-calls.ts'
import { scratchFolder } from '../support/memory.ts'
import { makeOutside, snapshot, tricks } from './hostile-projects.ts'

/** What needs no memory, and what accepts a project: the rest has to refuse one that is not trusted. */
const without = ['trust', 'help', 'version', 'completion', 'complete', 'shell', 'migrate', 'hook', 'init']

const calls = [
  ...commands.all
    .filter(({ path }) => path !== 'trust' && path !== 'shell')
    .map(command => [...callOf(command), '--json', '--yes']),
  ['hook', 'SessionStart'],
  ['complete', '--', 'retrieve', ''],
]

/** A server on loopback that counts who comes. */
async function listen(): Promise<{ port: number; count: () => number }> {
  let count = 0
  const server = net.createServer(socket => {
    count++
    socket.destroy()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return { port: (server.address() as net.AddressInfo).port, count: () => count }
}

interface Answer {
  folder: string
  call: string[]
  exit: unknown
}

it(`refuses ${Object.keys(tricks).length} tricks at every door: no byte is sent, and nothing outside is changed`, async () => {
  const root = fs.realpathSync(scratchFolder())
  const { port, count } = await listen()
  const outside = path.join(root, 'outside')
  makeOutside(outside, port)
  const folders = Object.entries(tricks).map(([name, trick], i) => {
    const project = path.join(root, 'checkouts', `${i}`)
    fs.mkdirSync(path.join(project, 'sub'), { recursive: true })
    if (!name.includes('worktree')) fs.mkdirSync(path.join(project, '.git'))
    trick(project, { outside, port })
    return path.join(project, 'sub')
  })
  const before = snapshot(outside)
  const env = cliEnv(path.join(root, 'home'), { HIVEWAX_TOKEN: 'hw_secret', PGPASSWORD: 'secret' })
  const input = path.join(root, 'input.json')
  fs.writeFileSync(input, JSON.stringify({ folders, calls }))
  const running = promisify(execFile)(process.execPath, [childFile('every-command'), input], {
    env,
    cwd: root,
    timeout: 60_000,
    maxBuffer: 1e8,
  })
  running.child.stdin?.end()
  const { stdout } = await running
  const told = stdout
    .split('\n')
    .flatMap(line => (line.startsWith('{"folder"') ? [JSON.parse(line) as Answer] : []))
  expect(told).toHaveLength(folders.length * (calls.length + 1))
  const used = told.filter(({ call: [word = ''], exit }) => !without.includes(word) && exit === 0)
  expect(used).toEqual([])
  expect(snapshot(outside)).toEqual(before)
  expect(count()).toBe(0)
})
