import type { Memory, MetricSummary } from '../../../src/index.ts'
import { bar, cell, duration, number, style } from '../display.ts'
import { remembered } from '../swarm.ts'

/** Which ways of reading files have proved themselves, most trusted first. */
export async function recallPatterns(memory: Memory): Promise<string[]> {
  const patterns = await memory.getPatterns('read-files', { limit: 6 })
  return patterns.map(({ patternData, confidence, successes, failures }) => {
    const { extension, strategy } = remembered<{ extension: string; strategy: string }>(patternData)
    const record = `${number(successes)} of ${number(successes + failures)} times`
    const share = `${style.good(bar(confidence, 1, 10))} ${confidence.toFixed(2)}`
    return `${cell(`.${extension}`, 6)} ${cell(strategy, 18)} ${share}  ${style.dim(record)}`
  })
}

/** How long files took, all runs together. */
export async function recallMetrics(memory: Memory): Promise<string[]> {
  const [all] = await memory.metrics.summary('measure_ms')
  if (all === undefined) return []
  const groups = await memory.metrics.summary('measure_ms', { groupBy: 'language' })
  const slowest = groups.sort((a, b) => b.p95 - a.p95).slice(0, 3)
  return [all, ...slowest].map(line)
}

function line({ group = 'any file', count, p50, p95 }: MetricSummary): string {
  const figures = `p50 ${duration(p50).padStart(8)}   p95 ${duration(p95).padStart(8)}`
  return `${cell(String(group), 12)} ${figures}   ${style.dim(`${number(count)} measured`)}`
}
