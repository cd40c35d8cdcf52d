import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { commandLine } from '../../examples/swarm/main/command-line.ts'
import { readOptions } from '../../examples/swarm/main/options.ts'
import { vote } from '../../examples/swarm/worker/vote.ts'
import type { Memory } from '../../src/index.ts'
import { openScratch, scratchFolder } from '../support/memory.ts'
import { openPostgresScratch, scratchUrl } from '../support/postgres.ts'

// Each run starts six processes and waits for a lease to lapse, beside whatever else the machine does.
vi.setConfig({ testTimeout: 300_000 })

const main = path.join(import.meta.dirname, '../../examples/swarm/main.ts')

/** The main job on a directory, and all that it has printed so far. */
class Run {
  readonly process
  output = ''
  readonly #changed = new EventTarget()

  constructor(...args: string[]) {
    const { FORCE_COLOR: _, HIVEWAX_URL: __, HIVEWAX_AGENT: ___, ...rest } = process.env
    // A machine that stands still for some seconds is not to make anybody seem dead who is to live.
    const env = { ...rest, SWARM_PATIENCE: '2.5' }
    this.process = spawn(process.execPath, [main, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] })
    onTestFinished(() => void this.process.kill('SIGKILL'))
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream.setEncoding('utf8').on('data', text => {
        this.output += text
        this.#changed.dispatchEvent(new Event('output'))
      })
    }
  }

  /** Resolves when `text` was printed. */
  async until(text: string): Promise<void> {
    while (!this.output.includes(text)) {
      const ended = once(this.process, 'close').then(() => {
        if (!this.output.includes(text)) throw new Error(`it ended without «${text}»:\n${this.output}`)
      })
      await Promise.race([once(this.#changed, 'output'), ended])
    }
  }

  /** Its exit code, when it and all its children, who share its output, have ended. */
  async code(): Promise<number | null> {
    if (this.process.stdout.closed) return this.process.exitCode
    const [code] = await once(this.process, 'close')
    return code
  }
}

/** A directory with files of many kinds, some of them troublesome. */
function scratchProject(): string {
  const folder = path.join(scratchFolder(), 'a project with ü')
  write(folder, 'src/app.ts', "import fs from 'node:fs'\nimport { add } from './util.ts'\n\nadd(fs, 1)\n")
  write(folder, 'src/util.ts', '/** Adds. */\nexport function add() {\n  return 1\n}\n')
  for (let i = 0; i < 12; i++) write(folder, `src/parts/part ${i}.ts`, "export * from '../util.ts'\n")
  write(folder, 'docs/read me.md', '# Read me\n')
  write(folder, 'docs/übersicht.md', '# Übersicht\n')
  write(folder, 'broken.json', '{')
  write(folder, 'empty.txt', '')
  write(folder, 'picture.bin', Buffer.from([0, 1, 2, 0xff]))
  write(folder, 'huge.log', 'x'.repeat(3 * 1024 * 1024))
  write(folder, 'node_modules/other/index.js', 'module.exports = 1\n')
  fs.symlinkSync('nowhere', path.join(folder, 'dangling'))
  return folder
}

function write(folder: string, file: string, content: string | Buffer): void {
  fs.mkdirSync(path.join(folder, path.dirname(file)), { recursive: true })
  fs.writeFileSync(path.join(folder, file), content)
}

/** The memory that the swarm left in a directory. */
function openMemoryOf(folder: string): Promise<Memory> {
  return openScratch({}, path.join(folder, '.swarm', 'memory.db'))
}

/** How often each file was measured: every time stores its record anew. */
async function revisions(memory: Memory): Promise<Record<string, number>> {
  const { items } = await memory.kv.search('*', { namespace: 'files', limit: 1_000 })
  return Object.fromEntries(items.map(item => [item.key, item.revision]))
}

/** Kills the process of a swarm that runs a script. */
async function killChildOf(run: Run, script: string): Promise<void> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,ppid=,args='])
  const lines = stdout.split('\n').map(line => /^ *(\d+) +(\d+) (.*)$/.exec(line) ?? [])
  const found = lines.find(
    ([, , parent, args]) => Number(parent) === run.process.pid && args?.includes(`/${script} `),
  )
  process.kill(Number(found?.[1]), 'SIGKILL')
}

test('a swarm measures every file once although a worker and its planner are killed, and the next run remembers it', async () => {
  const folder = scratchProject()
  const first = new Run(folder)
  expect(await first.code(), first.output).toBe(0)
  for (const line of [
    'a new memory in',
    'main      kills worker-3 in the middle of it: SIGKILL',
    'main      kills planner-1 while it leads: SIGKILL',
    'takes over the task of worker-3: attempt 2',
    'planner-2 is elected to lead the swarm, in term 2',
    "offers worker-3's late result, with its old token 1: refused",
    '20 new files measured',
    'analysis-complete/1 is decided',
    'worker-3 did not vote',
    'Try next',
  ]) {
    expect(first.output).toContain(line)
  }
  const memory = await openMemoryOf(folder)
  const before = await revisions(memory)
  expect(Object.keys(before)).toHaveLength(20)
  expect(new Set(Object.values(before))).toEqual(new Set([1]))
  await checkRun(memory)
  await memory.close()

  write(folder, 'src/app.ts', "import './util.ts'\n")
  write(folder, 'src/new.ts', "import './util.ts'\n")
  fs.rmSync(path.join(folder, 'docs/read me.md'))
  const second = new Run(folder)
  expect(await second.code(), second.output).toBe(0)
  for (const line of [
    'knows 20 files',
    'begins run 2',
    '18 files unchanged: recalled, not measured again',
    '1 new file measured',
    '1 file changed and measured again: src/app.ts',
    '1 file gone and forgotten: docs/read me.md',
    'analysis-complete/2 is decided',
  ]) {
    expect(second.output).toContain(line)
  }
  const { 'docs/read me.md': _, ...kept } = before
  const after = await revisions(await openMemoryOf(folder))
  expect(after).toEqual({ ...kept, 'src/app.ts': 2, 'src/new.ts': expect.any(Number) })
})

/** What every domain of the memory holds after the first run over the scratch project. */
async function checkRun(memory: Memory): Promise<void> {
  const { items: tasks } = await memory.tasks.list({ limit: 1_000 })
  expect(tasks.map(task => task.status)).toEqual(tasks.map(() => 'completed'))
  const [killed] = (await memory.events.list({ types: ['process.killed'] })).items
  const { taskId } = killed!.data as { taskId: string }
  const rescued = await memory.tasks.get(taskId)
  expect(rescued?.assignedTo).toMatch(/worker-[124]/)
  expect(rescued?.errors[0]).toMatchObject({ attempt: 1, agentId: 'worker-3' })
  expect((await memory.getConsensusState('analysis-complete/1'))?.acceptors.sort()).toEqual([
    'worker-1',
    'worker-2',
    'worker-4',
  ])
  expect(await memory.retrieve('src/util.ts', { namespace: 'graph' })).toMatchObject({ imports: [] })
  expect((await memory.shared.get('swarm/progress'))?.value).toMatchObject({
    files: 20,
    tasksDone: tasks.length,
    tasks: tasks.length,
  })
  expect((await memory.patterns.get('read/ts'))?.successes).toBe(14)
  expect((await memory.patterns.get('read/json'))?.failures).toBe(1)
  expect((await memory.metrics.summary('measure_ms'))[0]?.count).toBe(20)
  expect(await memory.getWorkflowState('swarm')).toMatchObject({ run: 1, status: 'done' })
  expect(await memory.resumeSession('swarm')).toMatchObject({ runs: 1, files: 20 })
  const careers = await Promise.all([1, 2, 4].map(n => memory.agents.retrieveMemory(`worker-${n}`, 'career')))
  expect(careers.reduce<number>((sum, career) => sum + ((career as { files: number })?.files ?? 0), 0)).toBe(
    20,
  )
  const star = await memory.topology.get('swarm')
  const left = await agentsLeft(memory)
  expect(star?.nodes.sort()).toEqual(left)
  for (const { from } of star?.edges ?? []) expect(from).toBe(left[0])
  expect((await memory.events.list({ types: ['swarm.planned'] })).items).toHaveLength(1)
}

/** Those that did not lapse: the two that were killed did, and more where the machine stood still at the end. */
async function agentsLeft(memory: Memory): Promise<string[]> {
  const { items } = await memory.events.list({ types: ['agent.lapsed'] })
  const lapsed = items.map(({ data }) => (data as { agentId: string }).agentId)
  expect(lapsed).toEqual(expect.arrayContaining(['planner-1', 'worker-3']))
  const others = ['planner-2', 'worker-1', 'worker-2', 'worker-4']
  return others.filter(id => !lapsed.includes(id))
}

test('a swarm whose memory is a PostgreSQL database does the same, and is remembered there', async () => {
  const folder = scratchProject()
  const url = scratchUrl()
  const first = new Run(folder, '--url', url)
  expect(await first.code(), first.output).toBe(0)
  expect(first.output).toContain('takes over the task of worker-3: attempt 2')
  expect(first.output).toContain('analysis-complete/1 is decided')
  expect(first.output).toContain("hivewax tasks list --status completed --limit 5 --url 'postgres://")
  expect(fs.readdirSync(path.join(folder, '.swarm')).sort()).toEqual(['.gitignore', 'memory.report.md'])
  await checkRun(await openPostgresScratch({}, url))
  const second = new Run(folder, '--url', url)
  expect(await second.code(), second.output).toBe(0)
  expect(second.output).toContain('20 files unchanged: recalled, not measured again')
})

test('a second swarm on the same directory waits for the first; the tasks of others are left alone', async () => {
  const folder = scratchProject()
  const others = await openMemoryOf(folder)
  await others.tasks.create({ id: 'bees', description: 'write the chapter on bees' })
  await others.close()
  const first = new Run(folder)
  await first.until('begins run 1')
  const second = new Run(folder)
  await second.until('is at work on this memory')
  expect(await first.code(), first.output).toBe(0)
  expect(await second.code(), second.output).toBe(0)
  expect(second.output).toContain('begins run 2')
  const memory = await openMemoryOf(folder)
  expect((await memory.tasks.get('bees'))?.status).toBe('pending')
  expect(new Set(Object.values(await revisions(memory)))).toEqual(new Set([1]))
})

describe('a run that is cut short', () => {
  test('by the death of both planners says so, and the next one goes on from there', async () => {
    const folder = scratchProject()
    const first = new Run(folder)
    await first.until('kills planner-1')
    await killChildOf(first, 'planner.ts')
    expect(await first.code(), first.output).toBe(1)
    expect(first.output).toContain('planner-2 failed (SIGKILL)')
    const between = await openMemoryOf(folder)
    await between.tasks.cancel('swarm-1/link')
    await between.close()
    const second = new Run(folder)
    expect(await second.code(), second.output).toBe(0)
    expect(second.output).toContain('goes on with run 1, which was interrupted')
    const memory = await openMemoryOf(folder)
    expect(new Set(Object.values(await revisions(memory)))).toEqual(new Set([1]))
    expect(await memory.getWorkflowState('swarm')).toMatchObject({ run: 1, status: 'done' })
  })

  test('by Ctrl-C stops every process and says how to go on', async () => {
    const run = new Run(scratchProject())
    await run.until('kills worker-3')
    run.process.kill('SIGINT')
    expect(await run.code(), run.output).toBe(130)
    expect(run.output).toContain('Stopped. The same command goes on from here.')
  })

  test('by its own death leaves no process behind that would go on', async () => {
    const folder = scratchProject()
    const run = new Run(folder)
    await run.until('kills worker-3')
    run.process.kill('SIGKILL')
    expect(await run.code()).toBe(null)
    const memory = await openMemoryOf(folder)
    expect(await memory.getWorkflowState('swarm')).toMatchObject({ run: 1, status: 'running' })
  })
})

describe('a voter', () => {
  const record = { language: 'TypeScript', bytes: 9, lines: 1, hash: '', imports: [] }

  test('agrees when the records amount to what is proposed', async () => {
    expect(await voteOn({ files: 1, lines: 1, bytes: 9 })).toMatchObject({
      acceptors: ['worker-1'],
      rejectors: [],
    })
  })

  test('does not agree when they do not', async () => {
    expect(await voteOn({ files: 2, lines: 1, bytes: 9 })).toMatchObject({
      acceptors: [],
      rejectors: ['worker-1'],
    })
  })

  test('that comes too late is not to blame', async () => {
    const memory = await openScratch()
    const voters = ['worker-1']
    await memory.proposeConsensus('analysis-complete/1', { value: 1, voters, acceptors: voters })
    await vote(memory, 'worker-1', 'analysis-complete/1')
    expect((await memory.getConsensusState('analysis-complete/1'))?.status).toBe('decided')
  })

  async function voteOn(value: object) {
    const memory = await openScratch()
    await memory.store('src/a.ts', record, { namespace: 'files' })
    await memory.proposeConsensus('analysis-complete/1', { value, voters: ['worker-1', 'worker-2'] })
    await vote(memory, 'worker-1', 'analysis-complete/1')
    return memory.getConsensusState('analysis-complete/1')
  }
})

test('the commands that are printed do not show the password', () => {
  expect(commandLine('postgres://ada:secret@host/db?schema=a')[1]).toBe(
    "--url 'postgres://ada@host/db?schema=a'",
  )
})

describe('what cannot be measured', () => {
  test('is an empty directory', async () => {
    const folder = scratchFolder()
    const run = new Run(folder)
    expect(await run.code()).toBe(0)
    expect(run.output).toBe(`There are no files to measure in ${folder}.\n`)
    expect(fs.readdirSync(folder)).toEqual([])
  })

  test('is a missing directory', async () => {
    const run = new Run('/nowhere/at/all')
    expect(await run.code()).toBe(2)
    expect(run.output).toContain('cannot read the directory /nowhere/at/all: it does not exist')
    expect(run.output).toContain('Usage: npm start')
  })

  test.each([
    ['a file', [main], 'it is a file'],
    ['two directories', ['.', '..'], 'one directory at a time'],
    ['an unknown option', ['--fast'], "Unknown option '--fast'"],
    ['a memory that processes cannot share', ['--db', ':memory:'], 'several processes cannot share :memory:'],
    ['two memories', ['--db', 'a.db', '--url', 'postgres://b/c'], 'give one of them'],
  ])('is %s', (_, args, message) => {
    expect(() => readOptions(args)).toThrow(message)
  })
})
