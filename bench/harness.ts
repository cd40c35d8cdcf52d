import { createHash } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'

/** `small` proves in the tests that a benchmark still runs; `real` is for figures. */
export type Size = 'small' | 'real'

/** One line of a comparison. All lines of a comparison are measured in one run, interleaved. */
export interface Trial {
  readonly name: string
  /** Runs the operation once (or `perCall` operations at once) and returns something that depends on its result. */
  readonly run: (round: number) => unknown
  /** How many operations one call does. Default 1. */
  readonly perCall?: number
}

export interface Figure {
  name: string
  /** Per operation, in microseconds, over the calls of all rounds. */
  medianUs: number
  p99Us: number
  /** Median relative to the first trial's. */
  ratio: number
  operations: number
}

export interface Comparison {
  title: string
  figures: Figure[]
  /** Of all results, so that nobody wins by not doing the work; empty where nobody competes. */
  hash: string
}

/** Picks a parameter by size. */
export function parameter(size: Size, small: number, real: number): number {
  return size === 'small' ? small : real
}

/**
 * Measures trials against each other: warm-up first, then rounds in which each trial runs in turn, so that a
 * noisy moment of the machine meets all of them.
 */
export async function compare(title: string, trials: readonly Trial[], calls: number): Promise<Comparison> {
  const rounds = Math.min(10, calls)
  const times = trials.map(() => [] as number[])
  const hash = createHash('sha256')
  for (let round = -1; round < rounds; round++) {
    for (const [i, trial] of trials.entries()) {
      for (let call = 0; call < calls / rounds; call++) {
        const start = performance.now()
        const result = await trial.run(Math.max(0, round) * calls + call)
        if (round >= 0) times[i]?.push((performance.now() - start) / (trial.perCall ?? 1))
        hash.update(JSON.stringify(result) ?? '')
      }
    }
  }
  const measured = trials.map((trial, i) => ({ ...trial, timesMs: times[i] ?? [] }))
  return { ...summary(title, measured), hash: hash.digest('hex').slice(0, 12) }
}

/** What was measured in another way, as a comparison with the first: times per operation. */
export function summary(
  title: string,
  measured: readonly { name: string; timesMs: readonly number[]; perCall?: number }[],
): Comparison {
  const medians = measured.map(({ timesMs }) => quantile(timesMs, 0.5))
  const figures = measured.map(({ name, timesMs, perCall = 1 }, i) => ({
    name,
    medianUs: 1000 * (medians[i] ?? 0),
    p99Us: 1000 * quantile(timesMs, 0.99),
    ratio: (medians[i] ?? 0) / (medians[0] || 1),
    operations: timesMs.length * perCall,
  }))
  return { title, figures, hash: '' }
}

/** Prints a comparison as a Markdown table. */
export function print({ title, figures, hash }: Comparison): void {
  console.log(`\n### ${title}\n\n| what | median µs | p99 µs | ratio | operations |\n|---|--:|--:|--:|--:|`)
  for (const { name, medianUs, p99Us, ratio, operations } of figures) {
    console.log(
      `| ${name} | ${medianUs.toFixed(1)} | ${p99Us.toFixed(1)} | ${ratio.toFixed(2)} | ${operations} |`,
    )
  }
  if (hash !== '') console.log(`\nresults ${hash}`)
}

/** A folder that is removed when the process ends. */
export function benchFolder(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'hivewax-bench-'))
  process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** The value below which a share `q` of the values lies. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0
}
