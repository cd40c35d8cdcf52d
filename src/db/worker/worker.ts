import { once } from 'node:events'
import { parentPort, Worker, workerData } from 'node:worker_threads'
import { HivewaxError } from '../../errors.ts'
import { assertInPlace } from '../sqlite/placed-files.ts'
import type { JobContext } from './jobs/job.ts'
import { jobs } from './jobs/jobs.ts'
import type { Message, Order } from './offload.ts'

// Where one long job runs, on connections of its own: in a thread that `offload.ts` starts, or in a process that
// `process.ts` starts and can kill. When the job is done, nothing keeps it alive.

// Not awaited at the top level, which the bundle's CommonJS has not. What is thrown on ends the thread.
if (parentPort !== null) work(workerData, message => parentPort?.postMessage(message))
else if (process.send !== undefined) process.once('message', order => workInProcess(order as Order))
else throw new Error('this file is a worker of hivewax and no program of its own')

/** The parent kills this process in time, unless it was killed itself: a statement without end must not outlive both. */
function workInProcess(order: Order): Promise<void> {
  process.once('disconnect', () => process.exit())
  if (order.timeoutMs !== undefined) {
    const end = `setTimeout(() => process.kill(process.pid, 'SIGKILL'), ${order.timeoutMs})`
    new Worker(end, { eval: true, execArgv: [] }).unref()
  }
  return work(order, message => process.send?.(message, () => process.disconnect()))
}

async function work(order: Order, post: (message: Message) => void): Promise<void> {
  const context: JobContext = {
    file: order.file,
    waitMs: order.waitMs,
    assertInPlace: () => order.files && assertInPlace(order.files),
    report: (step, fraction) => post({ progress: { step, fraction } }),
    send: rows => ask({ rows }),
    write: async transaction => {
      await ask({ turn: 'wanted' })
      try {
        context.assertInPlace()
        transaction()
      } finally {
        post({ turn: 'over' })
      }
    },
  }
  const ask = async (message: Message) => {
    if (parentPort === null) throw new Error('a process tells its result at once')
    const answered = once(parentPort, 'message')
    post(message)
    await answered
  }
  try {
    context.assertInPlace()
    // `offload` is typed so that each job gets its own input.
    post({ result: await jobs[order.name](order.input as never, context) })
  } catch (error) {
    if (!(error instanceof HivewaxError)) throw error
    // Details may hold what no message can carry.
    post({ error: JSON.parse(JSON.stringify(error)) })
  }
}
