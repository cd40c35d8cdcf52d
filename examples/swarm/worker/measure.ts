import type { ClaimedTask, Memory, Transaction } from '../../../src/index.ts'
import type { Measurement } from '../analyse.ts'
import { isSystemError } from '../errors.ts'
import { extensionOf } from '../languages.ts'
import { finish } from '../progress.ts'
import { type FileRecord, filesNamespace, type MeasureResult, remembered, type Work } from '../swarm.ts'
import { readFile } from './read.ts'

type MeasureWork = Extract<Work, { kind: 'measure' }>

/** Awaited in the middle of a task, with how many files are done. */
export type HalfWay = (done: number) => Promise<void>

/** What became of one file. */
type Outcome =
  | { what: 'recalled' }
  | { what: 'unreadable'; path: string; reason: string }
  | { what: 'measured'; path: string; measurement: Measurement; ms: number; wasKnown: boolean }

type Measured = Extract<Outcome, { what: 'measured' }>

/**
 * Measures the files of a task, except those whose content is remembered.
 * @param halfWay is awaited when half of them are done
 */
export async function measureFiles(
  memory: Memory,
  task: ClaimedTask,
  { run, files }: MeasureWork,
  halfWay: HalfWay,
): Promise<void> {
  const startMs = performance.now()
  const known = await memory.kv.retrieveMany(files, { namespace: filesNamespace })
  const outcomes: Outcome[] = []
  for (const path of files) {
    outcomes.push(await examine(path, remembered(known.get(path))))
    if (outcomes.length === Math.ceil(files.length / 2)) await halfWay(outcomes.length)
  }
  const result = summarize(outcomes, performance.now() - startMs)
  await keep(
    memory,
    task,
    run,
    outcomes.filter(outcome => outcome.what === 'measured'),
    result,
  )
}

async function examine(path: string, before: FileRecord | undefined): Promise<Outcome> {
  const startMs = performance.now()
  try {
    const file = await readFile(path)
    if (file.hash === before?.hash) return { what: 'recalled' }
    const measurement = file.measure()
    return {
      what: 'measured',
      path,
      measurement,
      ms: performance.now() - startMs,
      wasKnown: before !== undefined,
    }
  } catch (error) {
    return { what: 'unreadable', path, reason: reasonOf(error) }
  }
}

/** `EACCES` and the like. What is no error of the file system is a mistake in here. */
function reasonOf(error: unknown): string {
  if (isSystemError(error)) return error.code
  throw error
}

function summarize(outcomes: readonly Outcome[], busyMs: number): MeasureResult {
  const measured = outcomes.filter(outcome => outcome.what === 'measured')
  const unreadable = outcomes.filter(outcome => outcome.what === 'unreadable')
  return {
    measured: measured.length,
    changed: measured.filter(file => file.wasKnown).map(file => file.path),
    recalled: outcomes.length - measured.length - unreadable.length,
    unreadable: unreadable.map(({ path, reason }) => `${path} (${reason})`),
    lines: measured.reduce((sum, file) => sum + file.measurement.lines, 0),
    busyMs,
  }
}

/**
 * Stores what was found and completes the task in one transaction. Should the task have gone to another worker
 * meanwhile, its token is refused and nothing of this is stored: no file is ever measured twice.
 */
async function keep(
  memory: Memory,
  task: ClaimedTask,
  run: number,
  measured: readonly Measured[],
  result: MeasureResult,
): Promise<void> {
  const { assignedTo = '' } = task
  await memory.transaction(async tx => {
    for (const { path, measurement } of measured) {
      const record: FileRecord = { ...measurement, measuredBy: assignedTo, run }
      await tx.store(path, record, { namespace: filesNamespace })
      await learn(tx, path, measurement)
    }
    await tx.metrics.recordMany(
      measured.map(file => ({
        name: 'measure_ms',
        value: file.ms,
        tags: { language: file.measurement.language, agent: assignedTo },
      })),
    )
    await rememberCareer(tx, assignedTo, result)
    await finish(tx, task, result, { files: result.measured + result.recalled, lines: result.lines })
  })
}

/** Learns how far a way of reading files can be trusted, by whether it found anything in this one. */
async function learn(tx: Transaction, path: string, { strategy, understood }: Measurement): Promise<void> {
  if (understood === undefined) return
  const extension = extensionOf(path)
  const id = `read/${extension}`
  if ((await tx.patterns.get(id)) === undefined) {
    await tx.patterns.store({ id, type: 'read-files', patternData: { extension, strategy }, confidence: 0.5 })
  }
  await tx.patterns.recordOutcome(id, { success: understood })
}

/** What a worker has done in its life, in the memory that is its own. */
export interface Career {
  tasks: number
  files: number
  lines: number
}

async function rememberCareer(tx: Transaction, agentId: string, result: MeasureResult): Promise<void> {
  const career = remembered<Career | undefined>(await tx.agents.retrieveMemory(agentId, 'career'))
  await tx.storeAgentMemory(agentId, 'career', {
    tasks: (career?.tasks ?? 0) + 1,
    files: (career?.files ?? 0) + result.measured,
    lines: (career?.lines ?? 0) + result.lines,
  })
}
