import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it, onTestFinished } from 'vitest'
import { hookEvents } from '../../src/hooks/hook-events.ts'
import { cliEnv, hivewax, hivewaxFile } from '../support/cli.ts'
import { scratchFolder } from '../support/memory.ts'
import { inputs } from './inputs.ts'
import { hook, inStore, quiet } from './run.ts'

const nothing = { status: 0, stdout: '' }

async function withStore(): Promise<string> {
  const folder = scratchFolder()
  await inStore(folder, memory => memory.shared.update('phase', 'build'))
  return folder
}

const log = (folder: string) => fs.readFileSync(path.join(folder, '.swarm/memory.db.hooks.log'), 'utf8')

describe('a hook always exits with 0', () => {
  it.each(hookEvents)('%s, and makes no store where there is none', event => {
    const folder = scratchFolder()
    quiet(folder, event, inputs[event])
    expect(fs.readdirSync(folder)).toEqual([])
  })

  it.each([
    ['nothing', ''],
    ['no JSON', '{"session_id": '],
    ['no object', '[1, 2]'],
    ['no text', '\xff\xfe\x00'],
    ['fields of other types', '{"session_id": {}, "source": 7, "task_id": [], "agent_id": null, "cwd": 5}'],
    [
      'an id that is too long',
      JSON.stringify({ session_id: 'x'.repeat(10_000), task_id: '1', agent_id: 'a' }),
    ],
    ['broken characters', '{"session_id": "\\ud800", "task_id": "\\u0000", "agent_id": "\\udfff"}'],
    ['too much', `{"session_id": "${'x'.repeat(9 * 1024 * 1024)}"}`],
  ])('when %s comes', async (_, input) => {
    const folder = await withStore()
    for (const event of ['SessionStart', 'Stop', 'TaskCompleted', 'SubagentStart']) {
      const ran = hook(folder, event, input)
      expect(ran.status, event).toBe(0)
      if (ran.stdout !== '') expect(JSON.parse(ran.stdout)).toHaveProperty('hookSpecificOutput')
    }
  })

  it.each([['Nonsense'], ['--nonsense'], ['Stop', '--url'], ['Stop', '--budget', 'much'], []])(
    'when it is called with %s %s %s',
    async (...args) => {
      const folder = await withStore()
      expect(hivewax(folder, ['hook', ...args], { input: '{}' })).toMatchObject({ status: 0 })
    },
  )

  it('while another process holds the store, and tells what can be read', async () => {
    const folder = await withStore()
    const other = new DatabaseSync(path.join(folder, '.swarm/memory.db'))
    onTestFinished(() => other.close())
    other.exec('begin immediate')
    const ran = hook(folder, 'SessionStart', inputs.SessionStart)
    expect(ran.status).toBe(0)
    expect(ran.stdout).toContain('\\"phase\\" = \\"build\\"')
    expect(log(folder)).toMatch(/^\S+Z SessionStart: Busy: /)
  })

  it.each(['damaged', 'of another program'])('when the store is %s', async how => {
    const folder = scratchFolder()
    fs.mkdirSync(path.join(folder, '.swarm'))
    const file = path.join(folder, '.swarm/memory.db')
    if (how === 'damaged') fs.writeFileSync(file, 'x'.repeat(8_192))
    else {
      const other = new DatabaseSync(file)
      other.exec('create table memory_entries (id text)')
      other.close()
    }
    const before = fs.readFileSync(file)
    expect(hook(folder, 'Stop', inputs.Stop)).toMatchObject(nothing)
    expect(fs.readFileSync(file)).toEqual(before)
    expect(log(folder)).toMatch(/^\S+Z Stop: \w+: .+\n$/)
  })

  it('when its failures cannot be written down either', async () => {
    const folder = scratchFolder()
    fs.mkdirSync(path.join(folder, '.swarm/memory.db.hooks.log'), { recursive: true })
    fs.writeFileSync(path.join(folder, '.swarm/memory.db'), 'x'.repeat(8_192))
    expect(hook(folder, 'Stop', inputs.Stop)).toMatchObject(nothing)
  })

  it('when the configuration is broken', () => {
    const folder = scratchFolder()
    fs.mkdirSync(path.join(folder, '.swarm'))
    fs.writeFileSync(path.join(folder, '.swarm/config.json'), '{')
    expect(hook(folder, 'Stop', inputs.Stop)).toMatchObject(nothing)
  })

  it('soon, when its input never ends', async () => {
    const folder = await withStore()
    const child = spawn(process.execPath, [hivewaxFile, 'hook', 'Stop'], {
      cwd: folder,
      env: cliEnv(folder),
      stdio: ['pipe', 'ignore', 'inherit'],
    })
    onTestFinished(() => void child.kill('SIGKILL'))
    expect(await once(child, 'exit')).toEqual([0, null])
    expect(log(folder)).toContain('Stop: Deadline: given up after 2000 ms')
  })

  it('when nobody reads its answer', async () => {
    const folder = await withStore()
    const child = spawn(process.execPath, [hivewaxFile, 'hook', 'SessionStart'], {
      cwd: folder,
      env: cliEnv(folder),
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    child.stdout.destroy()
    child.stdin.end('{}')
    expect(await once(child, 'exit')).toEqual([0, null])
  })
})

it('keeps the file of failures small', async () => {
  const folder = await withStore()
  const file = path.join(folder, '.swarm/memory.db.hooks.log')
  fs.writeFileSync(file, 'an old failure\n'.repeat(10_000))
  hook(folder, 'Stop', 'no JSON')
  expect(log(folder)).toMatch(/^\S+Z Stop: InvalidInput: the input is not JSON\n$/)
  expect(fs.readFileSync(`${file}.1`, 'utf8')).toMatch(/^an old failure\n/)
  hook(folder, 'x'.repeat(5_000), 'no JSON')
  expect(log(folder).length).toBeLessThan(3_000)
})

it('shows help as any command does', () => {
  expect(hivewax(scratchFolder(), ['hook', '--help'])).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/^ {2}hivewax hook \[EVENT\]/m),
  })
})
