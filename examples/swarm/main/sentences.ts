import type { Memory } from '../../../src/index.ts'
import { clip, columns, count, number, style } from '../display.ts'
import { type LinkResult, officeName, remembered, victimId } from '../swarm.ts'

/** What the data of the events holds that are told of. */
interface Data {
  run: number
  files: number
  tasks: number
  isCut: boolean
  taskId?: string
  description: string
  attempt: number
  token: number
  done: number
  agent: string
  pid: number
  name: string
  term: number
  doubt: string | null
}

/** What is said of an event, or nothing. */
type Sentence = (data: Data, memory: Memory) => string | undefined | Promise<string | undefined>

/** By the type of the event. */
export const sentences: Readonly<Record<string, Sentence>> = {
  'leader.elected': ({ name, term }) =>
    name === officeName ? `is elected to lead the swarm, in term ${number(term)}` : undefined,
  'swarm.started': ({ run }) => `begins run ${run}`,
  'swarm.resumed': ({ run }) => `goes on with run ${run}, which was interrupted`,
  'swarm.planned': ({ files, tasks, isCut }) =>
    `finds ${isCut ? 'more than ' : ''}${count(files, 'file')} and makes ${count(tasks, 'task')} of them`,
  'worker.paused': ({ description, done, files }) =>
    `has read ${number(done)} of ${count(files, 'file')} of «${clip(description, columns() - 50)}»`,
  'process.killed': ({ agent, pid, taskId }) => {
    const doing = taskId === undefined ? 'while it leads' : 'in the middle of it'
    return style.bad(`kills ${agent} ${doing}: SIGKILL to process ${pid}`)
  },
  'task.claimed': takeOver,
  'task.completed': complete,
  'consensus.proposed': () => 'asks whether the work is complete: 3 of 4 workers must agree',
  'sample.verified': ({ doubt }) => (doubt === null ? undefined : style.bad(`doubts it: ${doubt}`)),
  'consensus.accepted': () => style.good('agrees, after a look at a sample'),
  'consensus.refused': () => style.bad('does not agree'),
  'late-result.refused': ({ token }) =>
    style.good(`offers ${victimId}'s late result, with its old token ${token}: refused`),
  'swarm.finished': ({ run }) => `ends run ${run}`,
}

/** Only the second attempt is worth a word. */
async function takeOver({ taskId = '', attempt }: Data, memory: Memory): Promise<string | undefined> {
  if (attempt === 1) return undefined
  const task = await memory.tasks.get(taskId)
  const before = task?.errors.at(-1)?.agentId ?? 'another'
  return style.good(`takes over the task of ${before}: attempt ${attempt}`)
}

/** The many measuring tasks are seen in the progress. */
async function complete({ taskId = '' }: Data, memory: Memory): Promise<string | undefined> {
  if (!taskId.endsWith('/link')) return undefined
  const { files, links } = remembered<LinkResult>((await memory.tasks.get(taskId))?.result)
  return `links ${count(files, 'file')} by ${count(links, 'import')}`
}
