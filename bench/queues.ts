import { Logger, run } from 'graphile-worker'
import { PgBoss } from 'pg-boss'

/** Claims and completes up to `count` tasks, and returns the milliseconds that it took. */
export type Work = (count: number) => Promise<number>

const quiet = new Logger(() => () => {})

/** pg-boss with one queue, `job`, and nothing running in the background. */
export async function openBoss(connectionString: string): Promise<PgBoss> {
  const boss = new PgBoss({ connectionString, max: 16, schedule: false, supervise: false })
  await boss.start()
  await boss.createQueue('job')
  return boss
}

/** pg-boss's own calls, `batchSize` at a time, in `loops` loops at once. */
export function workBoss(boss: PgBoss, loops: number, batchSize: number): Work {
  return count =>
    timed(async () => {
      let left = count
      const loop = async () => {
        while (left > 0) {
          const wanted = Math.min(left, batchSize)
          left -= wanted
          const jobs = await boss.fetch('job', { batchSize: wanted })
          if (jobs.length === 0) throw new Error('pg-boss has no job left')
          await boss.complete(
            'job',
            jobs.map(job => job.id),
          )
        }
      }
      await Promise.all(Array.from({ length: loops }, loop))
    })
}

export interface GraphileOptions {
  concurrency: number
  /** Fetches 500 jobs ahead, and completes them in batches. */
  batched: boolean
}

/** graphile-worker's runner, from the first job that it begins until it has stopped. */
export function workGraphile(connectionString: string, { concurrency, batched }: GraphileOptions): Work {
  return async count => {
    let begun = 0
    let startedAt = 0
    let enough: () => void = () => {}
    const done = new Promise<void>(resolve => {
      enough = resolve
    })
    const job = () => {
      if (begun === 0) startedAt = performance.now()
      if (++begun === count) enough()
    }
    const runner = await run({
      connectionString,
      maxPoolSize: concurrency + 2,
      noHandleSignals: true,
      concurrency,
      logger: quiet,
      taskList: { job },
      ...(batched && {
        preset: { worker: { localQueue: { size: 500 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
      }),
    })
    await done
    await runner.stop()
    const tookMs = performance.now() - startedAt
    return (tookMs / begun) * count
  }
}

export { quiet as quietLogger }

/** The milliseconds that `work` took. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now()
  await work()
  return performance.now() - startedAt
}
