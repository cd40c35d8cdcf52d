import path from 'node:path'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { colours } from '../../src/cli/print/colour.ts'
import { displayWidth } from '../../src/cli/print/display-text.ts'
import { formatDuration } from '../../src/cli/print/format-duration.ts'
import type { Board } from '../../src/cli/tasks/board.ts'
import { boardLines, share } from '../../src/cli/tasks/board-layout.ts'
import { BoardReader } from '../../src/cli/tasks/board-reader.ts'
import { type Memory, openMemory } from '../../src/index.ts'
import { document, hivewax } from '../support/cli.ts'
import { openScratch, scratchFolder } from '../support/memory.ts'
import { claimOne } from '../support/tasks.ts'
import { atTerminal, hasScript } from '../support/terminal.ts'

/** A task of every kind. */
async function fill(memory: Memory): Promise<void> {
  await memory.agents.register({ id: 'coder-1', type: 'coder' })
  await memory.tasks.setLimit('deploys', 2)
  await memory.tasks.createMany([
    { id: 'compile', description: 'Compile it', priority: 'critical', idempotencyKey: 'first' },
    { id: 'broken', description: 'Cannot be done', priority: 'high', maxAttempts: 1 },
    { id: 'deploy', description: 'Deploy it', queue: 'deploys' },
    { id: 'test', description: 'Test it', dependencies: ['deploy'] },
    { id: 'nightly', description: 'Report', delayMs: 3_600_000 },
    { id: 'urgent', description: 'Look at\nthe \u001b[2J alarm', priority: 'low' },
  ])
  const compile = await claimOne(memory, { agentId: 'coder-1' })
  await memory.tasks.complete({ id: compile.id, token: compile.token, result: 'done' })
  const broken = await claimOne(memory, { agentId: 'coder-1' })
  await memory.tasks.fail({ id: broken.id, token: broken.token, error: new Error('no compiler') })
  const deploy = await claimOne(memory, { agentId: 'coder-1', queues: ['deploys'] })
  await memory.tasks.heartbeat({ id: deploy.id, token: deploy.token, progress: { step: 2 } })
}

/** No time passes between what is done and the look at it. */
function stopClock(): void {
  vi.setSystemTime(new Date())
  onTestFinished(() => void vi.useRealTimers())
}

const plain = { colours: colours(1, false), width: 100, height: Number.POSITIVE_INFINITY }

describe('the board', () => {
  it('shows nothing of a waiting task that the disk has changed', async () => {
    const memory = await openScratch()
    await memory.tasks.create({ id: 'one', description: 'as it was', payload: 'kept' })
    // As a disk would: the checksum stays, though the statement knows nothing of it.
    await memory.execute('drop trigger tasks_crc')
    await memory.execute("update tasks set description = 'as it is'")
    await expect(new BoardReader(memory, 10).read()).rejects.toMatchObject({
      code: 'corrupt',
      details: { table: 'tasks', key: { id: 'one' } },
    })
  })

  it('tells of every task where it belongs', async () => {
    stopClock()
    const memory = await openScratch()
    await fill(memory)
    const board = await new BoardReader(memory, 10).read()
    const lines = boardLines(board, plain).map(line => line.replace(/─+/, '').replace(/ {2,}/g, '  ').trim())
    expect(lines.slice(1)).toEqual([
      'Agents alive 1: coder-1',
      'Running by queue: deploys 1 of 2',
      'Ready 1',
      '○ urgent  Look at⏎the \\u001b[2J alarm  low, for 0s',
      'Waiting 2',
      '○ nightly  Report  in 1h',
      '○ test  Test it  after deploy',
      'Running 1',
      '● deploy  Deploy it  coder-1, 0s, {"step":2}',
      'Done 1',
      '✓ compile  Compile it  coder-1, took 0s, 0s ago',
      'Failed and dead 1',
      '† broken  Cannot be done  dead after 1, no compiler, 0s ago',
    ])
  })

  it('reads no more tasks than it shows, but counts all', async () => {
    const memory = await openScratch()
    const blocked = Array.from({ length: 30 }, () => ({ description: 'later', dependencies: ['first'] }))
    const delayed = Array.from({ length: 30 }, () => ({ description: 'delayed', delayMs: 60_000 }))
    const ready = Array.from({ length: 30 }, () => ({ description: 'now' }))
    await memory.tasks.createMany([{ id: 'first', description: 'first' }, ...blocked, ...delayed, ...ready])
    const board = await new BoardReader(memory, 10).read()
    expect(board.ready).toMatchObject({ count: 31, tasks: { length: 10 } })
    expect(board.waiting).toMatchObject({ count: 60, tasks: { length: 10 } })
    expect(board.waiting.tasks.filter(task => task.runAt !== undefined)).toHaveLength(5)
    expect(boardLines(board, plain).join('\n')).toContain('Ready 31, first 10 ──')
  })

  it('shows the end of a UUID, by which people tell them apart', async () => {
    const memory = await openScratch()
    const { id } = await memory.tasks.create({ description: 'unnamed' })
    const lines = boardLines(await new BoardReader(memory, 10).read(), plain)
    expect(lines.join('\n')).toContain(`○ …${id.slice(-8)}  unnamed `)
  })

  it('fits any terminal, in columns or stacked, whatever the texts', async () => {
    const memory = await openScratch()
    await fill(memory)
    const board = await new BoardReader(memory, 10).read()
    const texts = fc.array(fc.string({ unit: 'grapheme', maxLength: 60 }), { maxLength: 40 })
    fc.assert(
      fc.property(
        texts,
        fc.integer({ min: 20, max: 250 }),
        fc.integer({ min: 1, max: 60 }),
        (some, width, height) => {
          const lines = boardLines(crowd(board, some), { ...plain, width, height })
          expect(lines.length).toBeLessThanOrEqual(height)
          for (const line of lines) expect(displayWidth(line)).toBeLessThanOrEqual(width)
        },
      ),
    )
  })

  it('has every part side by side where there is room', async () => {
    stopClock()
    const memory = await openScratch()
    await fill(memory)
    const lines = boardLines(await new BoardReader(memory, 10).read(), { ...plain, width: 160, height: 24 })
    expect(lines[3]).toMatch(
      /^Ready 1 ─+ {2}Waiting 2 ─+ {2}Running 1 ─+ {2}Done 1 ─+ {2}Failed and dead 1 ─+$/,
    )
    expect(lines[4]).toMatch(/^○ urgent .* ○ nightly .* ● deploy .* ✓ compile .* † broken /)
    expect(lines[5]).toMatch(/low, for .* in 1h .* coder-1, /)
  })
})

/** The same board with other tasks that are ready, done and failed. */
function crowd(board: Board, texts: readonly string[]): Board {
  const like = <T extends object>(task: T | undefined): T[] =>
    task === undefined ? [] : texts.map(text => ({ ...task, id: text, description: text, assignedTo: text }))
  const [ready, done, failed] = [board.ready.tasks[0], board.done.tasks[0], board.failed.tasks[0]]
  return {
    ...board,
    url: texts.join('/'),
    agents: { alive: [...texts], more: true },
    ready: { count: 1234, tasks: like(ready) },
    done: { count: 1234, tasks: like(done) },
    failed: { count: 1234, tasks: like(failed) },
  }
}

it('room is shared so that no part starves', () => {
  expect(share([1, 50, 50, 0], 11)).toEqual([1, 5, 5, 0])
  expect(share([3, 3], 100)).toEqual([3, 3])
  expect(share([5, 5], 3)).toEqual([2, 1])
  expect(share([5, 5], -1)).toEqual([0, 0])
})

it.each([
  [-5, '0s'],
  [999, '0s'],
  [59_999, '59s'],
  [60_000, '1m'],
  [3_661_000, '1h 1m'],
  [3_605_000, '1h'],
  [90_000_000, '1d 1h'],
])('a span of %i ms is %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text)
})

/** A store that `hivewax` called in the folder has for its own. */
async function filledFolder(): Promise<{ folder: string; memory: Memory }> {
  const folder = scratchFolder()
  const memory = await openMemory(path.join(folder, '.swarm/memory.db'), { background: false })
  onTestFinished(() => memory.close())
  await fill(memory)
  return { folder, memory }
}

describe('tasks board', () => {
  it('prints one plain frame where there is no terminal', async () => {
    const { folder } = await filledFolder()
    const { status, stdout, stderr } = hivewax(folder, ['tasks', 'board'])
    expect([status, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(/^20[-\d]+ [\d:]+ {2}\/.*memory\.db\nAgents alive 1: coder-1\n/)
    expect(stdout).toMatch(/\nRunning 1 ─+\n● deploy {2}Deploy it +coder-1, \d+s, \{"step":2\}\n/)
    expect(stdout).not.toContain('\u001b')
  })

  it('prints its data once with --json', async () => {
    const { folder } = await filledFolder()
    expect(document(hivewax(folder, ['tasks', 'board', '--json']))).toMatchObject({
      ok: true,
      data: {
        ready: { count: 1, tasks: [{ id: 'urgent' }] },
        waiting: { count: 2 },
        running: { count: 1, tasks: [{ id: 'deploy', assignedTo: 'coder-1', progress: { step: 2 } }] },
        done: { count: 1 },
        failed: { count: 1 },
        queues: [{ queue: 'deploys', running: 1, maxRunning: 2 }],
        agents: { alive: ['coder-1'], more: false },
      },
    })
  })

  describe.skipIf(!hasScript)('at a terminal (skipped without the script program)', () => {
    it('shows what changes, and leaves the terminal as it was on Ctrl-C', async () => {
      const { folder, memory } = await filledFolder()
      const board = atTerminal(folder, 'tasks board')
      await board.until('\u001b[?1049h\u001b[?25l\u001b[H')
      await board.until('Ready 1 ')
      await memory.tasks.create({ description: 'a new one' })
      await board.until('\u001b[H')
      await board.until('Ready 2 ')
      await board.until('a new one')
      board.type('\u0003')
      await board.until('\u001b[?25h\u001b[?1049l')
      expect(await board.exited).toBe(130)
      expect(board.shown()).not.toContain('\u001b[?25l')
    })

    it('shows what changes as it changes', async () => {
      const { folder, memory } = await filledFolder()
      const board = atTerminal(folder, 'tasks board')
      await board.until('Ready 1 ')
      const times: number[] = []
      for (let count = 2; count <= 13; count++) {
        const begun = performance.now()
        await memory.tasks.create({ description: 'one more' })
        await board.until(`Ready ${count}`)
        times.push(performance.now() - begun)
      }
      // A tick redraws it unasked a second and more after it was drawn. One redrawn sooner by chance proves nothing.
      expect(times.filter(time => time < 900).length).toBeGreaterThan(3)
    })

    it('fits 60 columns, and has no colours with NO_COLOR', async () => {
      const { folder } = await filledFolder()
      const board = atTerminal(folder, 'tasks board', { NO_COLOR: '1' }, 60)
      await board.until('\u001b[H')
      await board.until('Failed and dead 1 ')
      board.type('\u0003')
      expect(await board.exited).toBe(130)
      const once = atTerminal(folder, 'tasks board --once', { NO_COLOR: '1' }, 60)
      expect(await once.exited).toBe(0)
      expect(once.shown()).not.toContain('\u001b')
      expect(Math.max(...once.shown().split('\r\n').map(displayWidth))).toBe(60)
    })

    it.each(['TERM', 'HUP'])('leaves the terminal as it was on SIG%s', async signal => {
      const { folder } = await filledFolder()
      const board = atTerminal(folder, `tasks board & read _; kill -${signal} $!; wait`)
      await board.until('Ready 1 ')
      board.type('\r')
      await board.until('\u001b[?25h\u001b[?1049l')
      await board.exited
    })

    it('follows the width of its window', async () => {
      const { folder } = await filledFolder()
      const board = atTerminal(folder, 'tasks board & read _; stty cols 60; wait', { NO_COLOR: '1' })
      await board.until(`Ready 1 ${'─'.repeat(71)}\u001b[K`)
      board.type('\r')
      await board.until(`Ready 1 ${'─'.repeat(51)}\u001b[K`)
    })
  })
})
