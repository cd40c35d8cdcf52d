import type { EventRecord, Memory, Task } from '../../../src/index.ts'
import { cell, clip, columns, count, duration, number, style } from '../display.ts'
import {
  type Claim,
  consensusKey,
  type Killed,
  type MeasureResult,
  officeName,
  remembered,
  swarmId,
  type Verdict,
  workerIds,
} from '../swarm.ts'
import type { Career } from '../worker/measure.ts'
import type { Past } from './past.ts'
import { stretches, track } from './timeline.ts'

/** When each worker was at work, what it did in this run, and how many files it has measured in its life. */
export async function recallWorkers(
  memory: Memory,
  { events, tasks, startMs, tookMs }: Past,
): Promise<string[]> {
  const work = stretches(events, startMs)
  const width = Math.max(10, columns() - 42)
  const lines = workerIds.map(async id => {
    const own = work.filter(stretch => stretch.agent === id)
    const cells = paint(track(own, tookMs, width))
    return `${style.agent(cell(id, 8))}  ${cells}${await deeds(memory, id, tasks)}`
  })
  const scale = `${' '.repeat(10)}0 s${duration(tookMs).padStart(width - 3)}`
  return [style.dim(`${scale}  tasks  files  measured ever`), ...(await Promise.all(lines))]
}

function paint(cells: string): string {
  return cells.replace(/·+/g, style.dim).replace(/█+/g, style.bar).replace('✗', style.bad)
}

async function deeds(memory: Memory, id: string, tasks: readonly Task[]): Promise<string> {
  const own = tasks.filter(task => task.assignedTo === id)
  const files = own.reduce((sum, task) => sum + filesOf(task), 0)
  const career = remembered<Career | undefined>(await memory.agents.retrieveMemory(id, 'career'))
  return [
    number(own.length).padStart(7),
    number(files).padStart(7),
    style.dim(number(career?.files ?? 0).padStart(15)),
  ].join('')
}

function filesOf(task: Task): number {
  const { measured = 0, recalled = 0 } = remembered<Partial<MeasureResult>>(task.result ?? {})
  return measured + recalled
}

/** What became of the work of those who were killed. */
export async function recallDeaths(memory: Memory, { events }: Past): Promise<string[]> {
  return [...rescueOf(events), ...successionOf(events), ...(await mendingOf(memory, events))]
}

/** The story of the task whose worker was killed. */
function rescueOf(events: readonly EventRecord[]): string[] {
  const death = events.findLast(
    event => event.type === 'process.killed' && killed(event).taskId !== undefined,
  )
  if (death === undefined) return []
  const lost = remembered<Killed & Claim>(death.data)
  const ofTask = (type: string) => (event: EventRecord) =>
    event.type === type && remembered<Claim>(event.data).taskId === lost.taskId
  const rescue = events.findLast(ofTask('task.claimed'))
  if (rescue === undefined || rescue.id < death.id) return []
  const { attempt } = remembered<Claim>(rescue.data)
  const isRefused = events.some(ofTask('late-result.refused'))
  const done = `after ${number(lost.done)} of ${count(lost.files, 'file')}`
  const what = clip(lost.description, columns() - 53)
  return [
    `${style.agent(lost.agent)} ${style.bad('✗')} «${what}», attempt ${lost.attempt}: killed ${done}`,
    `${style.agent(rescue.source)} ${style.good('✓')} attempt ${attempt}, ${later(death, rescue)}: done`,
    ...(isRefused ? [`a late result with the old token ${lost.token} of ${lost.agent} was refused`] : []),
  ]
}

/** Who led in the place of the planner that was killed. */
function successionOf(events: readonly EventRecord[]): string[] {
  const death = events.findLast(
    event => event.type === 'process.killed' && killed(event).taskId === undefined,
  )
  const isElection = ({ type, data }: EventRecord) =>
    type === 'leader.elected' && remembered<{ name: string }>(data).name === officeName
  const heir = events.find(event => isElection(event) && event.id > (death?.id ?? Infinity))
  if (death === undefined || heir === undefined) return []
  const { term } = remembered<{ term: number }>(heir.data)
  return [
    `${style.agent(killed(death).agent)} ${style.bad('✗')} killed while it led`,
    `${style.agent(heir.source)} ${style.good('✓')} led in term ${number(term)}, ${later(death, heir)}, from where the other had to stop`,
  ]
}

/** Who is left to talk to whom. */
async function mendingOf(memory: Memory, events: readonly EventRecord[]): Promise<string[]> {
  const star = await memory.topology.get(swarmId)
  const isRepair = ({ type, data }: EventRecord) =>
    type === 'topology.repaired' && remembered<{ swarmId: string }>(data).swarmId === swarmId
  const from = events.findIndex(event => event.type === 'process.killed')
  if (star === undefined || from === -1 || !events.slice(from).some(isRepair)) return []
  const { nodes, edges, version } = star
  const center = edges[0]?.from ?? 'nobody'
  return [
    `the star was mended: ${center} in the middle of ${number(nodes.length - 1)} (version ${number(version)})`,
  ]
}

function killed(event: EventRecord): Killed {
  return remembered<Killed>(event.data)
}

function later(before: EventRecord, after: EventRecord): string {
  return `${duration(after.timestamp.getTime() - before.timestamp.getTime())} later`
}

/** What the workers agreed on, and who voted. */
export async function recallVote(memory: Memory, { run }: Past): Promise<string[]> {
  const state = await memory.getConsensusState(consensusKey(run))
  if (state === undefined) return []
  const { files, lines } = remembered<Verdict>(state.value)
  const votes = workerIds.map(id => {
    if (state.acceptors.includes(id)) return `${style.agent(id)} ${style.good('✓')}`
    return `${style.agent(id)} ${state.rejectors.includes(id) ? style.bad('✗') : style.dim('did not vote')}`
  })
  return [
    `${state.key} is ${state.status}: ${count(files, 'file')} with ${count(lines, 'line')}`,
    `${votes.join(', ')} ${style.dim(`(${state.quorum} of ${workerIds.length} are enough)`)}`,
  ]
}
