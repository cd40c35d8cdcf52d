import type { Memory } from '../../src/memory.ts'
import { quantile } from '../harness.ts'
import { mainNamespace } from './fill.ts'

/** A walk through all records of a namespace, page by page: the time of a page at its start and at its end. */
export interface Walk {
  pageSize: number
  pages: number
  firstMs: number
  lastMs: number
}

/** How many pages at each end are looked at. */
const ends = 10

export async function walk(memory: Memory, pageSize: number): Promise<Walk> {
  const timesMs: number[] = []
  let cursor: string | undefined
  do {
    const startedAt = performance.now()
    const page = await memory.kv.search('*', { namespace: mainNamespace, limit: pageSize, cursor })
    timesMs.push(performance.now() - startedAt)
    cursor = page.cursor
  } while (cursor !== undefined)
  // The last page may hold less.
  const whole = timesMs.slice(0, -1)
  return {
    pageSize,
    pages: timesMs.length,
    firstMs: quantile(whole.slice(0, ends), 0.5),
    lastMs: quantile(whole.slice(-ends), 0.5),
  }
}
