import { on } from 'node:events'
import path from 'node:path'
import { Worker } from 'node:worker_threads'
import { errorFromJson, type HivewaxError, Storage } from '../../errors.ts'
import type { Row } from '../db.ts'
import type { AbortableOptions, Progress } from '../engine.ts'
import type { Bound } from '../sql.ts'
import type { FileIds } from '../sqlite/placed-files.ts'
import type { jobs } from './jobs/jobs.ts'
import { type InTurn, Turns } from './turns.ts'

type Jobs = typeof jobs
type Input<Name extends keyof Jobs> = Parameters<Jobs[Name]>[0]
type Result<Name extends keyof Jobs> = Awaited<ReturnType<Jobs[Name]>>

/** What a worker is started with. */
export interface Order extends Workplace {
  name: keyof Jobs
  input?: unknown
  /** Only of a process of its own that no event can end: when it ends itself, should its parent be gone, in milliseconds. */
  timeoutMs?: number | undefined
}

/** What a worker sends. After `rows`, and when it wants a turn, it waits for an answer. */
export type Message =
  | { progress: Progress }
  | { rows: Row[] }
  | { turn: 'wanted' | 'over' }
  | { result: unknown }
  | { error: ReturnType<HivewaxError['toJSON']> }

/** The file that a job works on, and how long it may wait for locks there, in milliseconds. */
export interface Workplace {
  file: string
  waitMs: number
  /** Of a store that is open: the files that it consists of, by their paths. The job refuses any others. */
  files?: FileIds
}

/** A job by its name, and what it is given, where it takes anything. */
export type Job<Name extends keyof Jobs> = { name: Name } & (undefined extends Input<Name>
  ? { input?: undefined }
  : { input: Input<Name> })

interface OffloadOptions extends AbortableOptions {
  /** It does not keep the process alive. */
  unref?: boolean
  /** For a job that writes while this process may write too. */
  inTurn?: InTurn
}

/** Beside this file, whatever it is at present: TypeScript, what tsc made of it, or a bundle. */
export function workerUrl(): URL {
  return new URL(`./worker${path.extname(import.meta.url)}`, import.meta.url)
}

/**
 * Runs one job in a thread of its own. An abort takes effect when the statement that runs has ended, since
 * none can be stopped halfway.
 */
export async function offload<Name extends Exclude<keyof Jobs, 'scan'>>(
  place: Workplace,
  job: Job<Name>,
  options: OffloadOptions = {},
): Promise<Result<Name>> {
  for await (const message of converse({ ...job, ...place }, options)) {
    if ('progress' in message) options.onProgress?.(message.progress)
    // The worker ran the job of this name.
    if ('result' in message) return message.result as Result<Name>
  }
  throw died(job.name)
}

/** The rows of a reading statement in batches, read by a worker only as fast as they are taken. */
export async function* offloadScan(
  place: Workplace,
  input: { text: string; params: Bound[] },
): AsyncGenerator<Row[], void, undefined> {
  for await (const message of converse({ name: 'scan', input, ...place })) {
    if ('rows' in message) yield message.rows
    if ('result' in message) return
  }
  throw died('scan')
}

async function* converse(
  order: Order,
  { signal, unref, inTurn }: OffloadOptions = {},
): AsyncGenerator<Message, void, undefined> {
  signal?.throwIfAborted()
  // Options of this process's own start (`--input-type` …) may not suit another file.
  const worker = new Worker(workerUrl(), { workerData: order, execArgv: [] })
  if (unref) worker.unref()
  const options = { close: ['exit'], ...(signal !== undefined && { signal }) }
  const turns = new Turns(worker, inTurn)
  try {
    for await (const [message] of on(worker, 'message', options) as AsyncIterable<[Message]>) {
      if ('error' in message) throw errorFromJson(message.error)
      yield message
      if ('rows' in message) worker.postMessage('more')
      if ('turn' in message) message.turn === 'wanted' ? turns.begin() : turns.end()
    }
  } catch (error) {
    signal?.throwIfAborted()
    throw error
  } finally {
    turns.end()
    await worker.terminate()
  }
}

function died(name: string): Storage {
  return new Storage(`the worker of the job ${name} ended without a result`)
}
