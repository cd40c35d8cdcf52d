/** What all processes of the swarm have to agree on: names, and the shapes of what they store. */
import type { Json } from '../../src/index.ts'
import type { Measurement } from './analyse.ts'

/** The names under which the processes act. */
export const plannerIds = ['planner-1', 'planner-2'] as const
export const workerIds = ['worker-1', 'worker-2', 'worker-3', 'worker-4']
/** The worker that will be killed; so will the first planner. */
export const victimId = 'worker-3'

/** The id of the session, of the workflow, of the topology, and of the swarm that the agents belong to. */
export const swarmId = 'swarm'

/** What the planners are elected for. */
export const officeName = 'swarm/planner'

/** The queues of this swarm's tasks, which are no use to other agents, as theirs are not to its workers. */
export const queue = 'swarm'
/** For those that write into one file: of this queue only one task runs at a time. */
export const reportQueue = 'swarm/reports'

/** What an agent must be able to do to be given tasks of this swarm. */
export const capability = 'swarm:measure'

/** What the swarm stored itself, under names of its own, has the shape that it stored: the one place to say so. */
export function remembered<T>(value: Json | undefined): T {
  return value as T
}

/** Makes all wait so many times as long for each other, where processes stand still at times: in tests, for one. */
export const patience = Number(process.env.SWARM_PATIENCE ?? 1)

/** How long an agent that gives no sign of life counts as alive. Then others get what it held. */
export const lifeMs = 2_000 * patience

/** How long a task or an office is kept for a process, should no process notice its death. */
export const leaseMs = 5_000 * patience

/** The key of the shared state under which all workers add up what they did. */
export const progressKey = 'swarm/progress'

export interface Progress {
  run: number
  files: number
  lines: number
  tasksDone: number
  tasks: number
}

/** What is remembered of each file, in the namespace `files` under its path. */
export interface FileRecord extends Measurement {
  measuredBy: string
  /** The run that measured it. */
  run: number
}

export const filesNamespace = 'files'
/** Who imports whom, under the path of each file. */
export const graphNamespace = 'graph'
/** What the reports found, under their names. */
export const reportsNamespace = 'reports'

/** What a task's worker has to do. */
export type Work =
  | { kind: 'measure'; run: number; folder: string; files: string[] }
  | { kind: 'link'; run: number }
  | { kind: 'report'; run: number; report: ReportName }

export type ReportName = 'languages' | 'imports' | 'files'
export const reportNames: readonly ReportName[] = ['languages', 'imports', 'files']

/** One line of a report: of what, and how much. */
export interface ReportLine {
  name: string
  figures: Record<string, number>
}

/** What came of measuring the files of a task. */
export interface MeasureResult {
  /** Files that were measured, the changed ones included. */
  measured: number
  /** Those of them that had been measured before, with other content. */
  changed: string[]
  /** Files whose content was known: nothing to measure. */
  recalled: number
  /** Files that could not be read. */
  unreadable: string[]
  lines: number
  busyMs: number
}

/** What came of linking the files. */
export interface LinkResult {
  /** Files that import another one or are imported. */
  files: number
  links: number
  /** What comes from elsewhere, with how many files import it, most first. */
  packages: [name: string, count: number][]
}

/** A task in the hands of the worker that is to die. */
export interface Claim {
  taskId: string
  description: string
  attempt: number
  token: number
  /** How many of its files the worker has read, and of how many. */
  done: number
  files: number
}

/** Where the swarm stands: the state of its workflow. */
export interface RunState {
  run: number
  status: 'running' | 'done'
  startedAt: string
  /** The last event before this run. */
  since: number
}

/** What the swarm says of itself across its runs: the data of its session. */
export interface SessionData {
  runs: number
  lastRunAt: string
  files: number
  lines: number
}

/** What the workers vote on, under the key `analysis-complete/<run>`. */
export interface Verdict {
  files: number
  lines: number
  bytes: number
}

/** The data of the event `process.killed`: of a worker, with the task that it held. */
export type Killed = { agent: string; pid: number | null } & Partial<Claim>

export function linkTaskId(run: number): string {
  return `swarm-${run}/link`
}

export function consensusKey(run: number): string {
  return `${consensusPrefix}${run}`
}

/** Separates this swarm's votes from those of others in the same memory. */
export const consensusPrefix = 'analysis-complete/'
