import { once } from 'node:events'
import { parentPort, workerData } from 'node:worker_threads'
import { HivewaxError } from '../../errors.ts'
import type { JobContext } from './jobs/job.ts'
import { jobs } from './jobs/jobs.ts'
import type { Message, Order } from './offload.ts'

// The thread in which one long job runs, on connections of its own. `offload.ts` starts it; when the job is
// done, nothing keeps it alive.

const port = parentPort
if (port === null) throw new Error('this file is a worker of hivewax and no program of its own')

const tell = (message: Message) => port.postMessage(message)

const order: Order = workerData
const context: JobContext = {
  file: order.file,
  waitMs: order.waitMs,
  tell: (step, fraction) => tell({ progress: { step, fraction } }),
  send: async rows => {
    const taken = once(port, 'message')
    tell({ rows })
    await taken
  },
}

// Not awaited at the top level, which the bundle's CommonJS has not. What is thrown on ends the thread.
work()

async function work(): Promise<void> {
  try {
    // `offload` is typed so that each job gets its own input.
    tell({ result: await jobs[order.name](order.input as never, context) })
  } catch (error) {
    if (!(error instanceof HivewaxError)) throw error
    // Details may hold what no message can carry.
    tell({ error: JSON.parse(JSON.stringify(error)) })
  }
}
