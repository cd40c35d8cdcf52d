import type { AgentChange, Memory } from '../../../src/index.ts'
import { ago, bar, count, duration, type Screen, style } from '../display.ts'
import { type Killed, type Progress, progressKey, remembered, type SessionData, swarmId } from '../swarm.ts'
import { sentences } from './sentences.ts'

/** Says what the memory knows before the run. */
export async function greet(memory: Memory, screen: Screen): Promise<void> {
  screen.live('        the planner and its workers start …')
  const session = remembered<SessionData | undefined>((await memory.sessions.get(swarmId))?.data)
  screen.print(`${session === undefined ? 'a new memory' : 'the memory'} in ${memory.url}`)
  if (session === undefined || session.runs === 0) return
  const { files, lines, runs, lastRunAt } = session
  const known = `${count(files, 'file')} with ${count(lines, 'line')}`
  screen.print(`knows ${known}, from ${count(runs, 'run')}, ${ago(Date.now() - Date.parse(lastRunAt))}`)
}

/** Reports what happens in the memory while it happens, until the run has finished. */
export async function narrate(
  memory: Memory,
  screen: Screen,
  since: number,
  signal: AbortSignal,
): Promise<void> {
  const finished = new AbortController()
  const untilThen = AbortSignal.any([signal, finished.signal])
  await Promise.all([
    tellEvents(memory, screen, since, signal).finally(() => finished.abort()),
    tellDeaths(memory, screen, since, untilThen),
    drawProgress(memory, screen, untilThen),
  ])
}

async function tellEvents(memory: Memory, screen: Screen, since: number, signal: AbortSignal): Promise<void> {
  for await (const event of memory.events.subscribe({ types: Object.keys(sentences), since, signal })) {
    const sentence = await sentences[event.type]?.(remembered(event.data), memory)
    if (sentence !== undefined) say(screen, event.source, sentence)
    if (event.type === 'swarm.finished') return
  }
}

/** Watching is what makes this process notice that one gives no sign of life any more. */
async function tellDeaths(memory: Memory, screen: Screen, since: number, signal: AbortSignal): Promise<void> {
  for await (const change of memory.agents.watch({ swarmId, signal })) {
    if (change.change === 'lapsed') say(screen, 'main', await obituary(memory, change, since))
  }
}

async function obituary(
  memory: Memory,
  { agentId, at, released }: AgentChange,
  since: number,
): Promise<string> {
  const { items } = await memory.events.list({ types: ['process.killed'], since })
  const death = items.find(({ data }) => remembered<Killed>(data).agent === agentId)
  const when = death ? ` for ${duration(at.getTime() - death.timestamp.getTime())}` : ''
  const kinds = { tasks: 'its task', locks: 'its office', topologies: 'its place in the star' } as const
  const free = (['tasks', 'locks', 'topologies'] as const).filter(kind => released?.[kind].length)
  return style.good(`finds ${agentId} dead${when}; free again: ${free.map(kind => kinds[kind]).join(', ')}`)
}

function say(screen: Screen, who: string, sentence: string): void {
  screen.print(`${style.agent(who.padEnd(9))} ${sentence}`)
}

/** Draws the progress anew with each change of the shared state. */
async function drawProgress(memory: Memory, screen: Screen, signal: AbortSignal): Promise<void> {
  for await (const { changes } of memory.shared.watch(progressKey, { signal })) {
    const progress = remembered<Progress | undefined>(changes.at(-1)?.value)
    if (progress !== undefined) screen.live(progressLine(progress))
  }
}

function progressLine({ tasksDone, tasks, files, lines }: Progress): string {
  const done = `${tasksDone} of ${count(tasks, 'task')}`
  return `        ${bar(tasksDone, tasks, 24)} ${done}, ${count(files, 'file')}, ${count(lines, 'line')}`
}
