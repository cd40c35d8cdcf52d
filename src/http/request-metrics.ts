import type { MiddlewareHandler } from 'hono'
import type { Memory } from '../memory.ts'

/** The bounds of the latencies that are counted, in seconds. */
const bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

interface Series {
  count: number
  sum: number
  /** How many took no longer than each bound. */
  readonly within: number[]
}

/** Counts the requests of this server, and shows them as Prometheus reads them (text format 0.0.4). */
export class RequestMetrics {
  readonly #series = new Map<string, Series>()

  count: MiddlewareHandler = async (c, next) => {
    const start = performance.now()
    await next()
    // The route, not the path: what callers make up must not grow the memory.
    const route = c.req.routePath
    this.#add(
      `method="${c.req.method}",route="${route}",status="${c.res.status}"`,
      (performance.now() - start) / 1000,
    )
  }

  /** These counts, and how the store stands. */
  async text(memory: Memory): Promise<string> {
    const { items } = await memory.tasks.queues({ limit: 1000 })
    const tasks = Object.entries(await memory.tasks.counts())
    const { sizeBytes } = await memory.getStats()
    return [
      ...this.#requests(),
      '# HELP hivewax_tasks Tasks by status.',
      '# TYPE hivewax_tasks gauge',
      ...tasks.map(([status, count]) => `hivewax_tasks{status="${status}"} ${count}`),
      '# HELP hivewax_queue_ready Tasks of a queue that could be claimed.',
      '# TYPE hivewax_queue_ready gauge',
      ...items.map(({ queue, ready }) => `hivewax_queue_ready{queue="${escapeLabel(queue)}"} ${ready}`),
      '# HELP hivewax_store_bytes The size of the store.',
      '# TYPE hivewax_store_bytes gauge',
      `hivewax_store_bytes ${sizeBytes}`,
      '',
    ].join('\n')
  }

  #add(labels: string, seconds: number): void {
    const series = this.#series.get(labels) ?? { count: 0, sum: 0, within: bounds.map(() => 0) }
    series.count++
    series.sum += seconds
    for (const [i, bound] of bounds.entries())
      if (seconds <= bound) series.within[i] = (series.within[i] ?? 0) + 1
    this.#series.set(labels, series)
  }

  *#requests(): Iterable<string> {
    yield '# HELP hivewax_request_seconds How long requests took.'
    yield '# TYPE hivewax_request_seconds histogram'
    for (const [labels, { count, sum, within }] of this.#series) {
      for (const [i, bound] of bounds.entries())
        yield `hivewax_request_seconds_bucket{${labels},le="${bound}"} ${within[i]}`
      yield `hivewax_request_seconds_bucket{${labels},le="+Inf"} ${count}`
      yield `hivewax_request_seconds_sum{${labels}} ${sum}`
      yield `hivewax_request_seconds_count{${labels}} ${count}`
    }
  }
}

function escapeLabel(label: string): string {
  return label.replace(/[\\"\n]/g, character => (character === '\n' ? '\\n' : `\\${character}`))
}
