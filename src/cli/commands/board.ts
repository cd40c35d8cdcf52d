import { setTimeout as sleep } from 'node:timers/promises'
import type { Memory } from '../../memory.ts'
import { type Cli, interruptedExit } from '../cli.ts'
import { Screen } from '../print/screen.ts'
import { isTerminal } from '../print/standard-streams.ts'
import { boardLines } from '../tasks/board-layout.ts'
import { BoardReader } from '../tasks/board-reader.ts'

/** Tasks of each kind: those that a large terminal can show, and those of a single frame. */
const liveLimit = 60
const frameLimit = 10

/** Ages and progress change without a word in the log. */
const tickMs = 1000

/** Between two frames: a person does not read faster, however fast tasks change. */
const minFrameMs = 100

/** Reading may take a tenth of the time, however large the store. */
const readShare = 10

const taskEvents = ['created', 'claimed', 'completed', 'failed', 'dead', 'cancelled', 'released', 'redriven']

interface BoardInput {
  once?: boolean
}

/** Shows the board until Ctrl-C; once where the output is not a terminal. */
export async function run(cli: Cli, { once }: BoardInput): Promise<number> {
  const { print } = cli
  const memory = await cli.memory()
  const isLive = !once && !print.json && isTerminal(1) && process.env.TERM !== 'dumb'
  if (isLive) return watch(cli, memory)
  const board = await new BoardReader(memory, frameLimit).read()
  if (print.json) print.document(board)
  else {
    const style = { colours: print.out, width: print.width, height: Number.POSITIVE_INFINITY }
    print.styled(boardLines(board, style).join('\n'))
  }
  return 0
}

async function watch(cli: Cli, memory: Memory): Promise<number> {
  const ended = new AbortController()
  const signal = AbortSignal.any([cli.interrupted(), ended.signal])
  const news = new News()
  const screen = new Screen()
  screen.open()
  process.stdout.on('resize', news.tell)
  signal.addEventListener('abort', news.tell)
  try {
    await Promise.all([listen(memory, news, signal), show(cli, memory, { screen, news, signal })])
  } finally {
    ended.abort()
    process.stdout.off('resize', news.tell)
    screen.close()
  }
  return interruptedExit
}

async function listen(memory: Memory, news: News, signal: AbortSignal): Promise<void> {
  const types = taskEvents.map(what => `task.${what}`)
  for await (const _ of memory.events.subscribe({ types, signal })) news.tell()
}

interface Stage {
  readonly screen: Screen
  readonly news: News
  readonly signal: AbortSignal
}

async function show(cli: Cli, memory: Memory, { screen, news, signal }: Stage): Promise<void> {
  const reader = new BoardReader(memory, liveLimit)
  while (!signal.aborted) {
    news.forget()
    const begun = performance.now()
    const board = await reader.read()
    const readMs = performance.now() - begun
    // The last column stays free: clearing the rest of a full line would take its last character.
    const style = { colours: cli.print.out, width: cli.print.width - 1, height: process.stdout.rows || 24 }
    if (!signal.aborted) screen.draw(boardLines(board, style))
    await sleep(Math.max(minFrameMs, (readShare - 1) * readMs), undefined, { signal }).catch(() => {})
    await news.within(tickMs)
  }
}

/** Whether something has changed since it was last asked. */
class News {
  #isTold = false
  #wake: () => void = () => {}

  readonly tell = (): void => {
    this.#isTold = true
    this.#wake()
  }

  forget(): void {
    this.#isTold = false
  }

  /** Resolves when there are news, or after so many milliseconds. */
  within(ms: number): Promise<void> {
    if (this.#isTold) return Promise.resolve()
    return new Promise(resolve => {
      const timer = setTimeout(resolve, ms)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}
