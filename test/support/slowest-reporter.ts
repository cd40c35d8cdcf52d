import type { Reporter, TestModule } from 'vitest/node'
import { seedOfRun } from './rounds.ts'

const count = 10

/**
 * Ends a run with the files that took longest, the seed of its random tests, and one plain line of what became of the
 * tests.
 */
export class SlowestReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const text = modules.length > 1 ? `\n${slowestFiles(modules)}\n` : ''
    const seed = `Again with the same random choices: HIVEWAX_TEST_SEED=${seedOfRun()}`
    process.stdout.write(`${text}\n${seed}\n${outcome(modules, errors.length)}\n`)
  }
}

function slowestFiles(modules: readonly TestModule[]): string {
  const slowest = modules.toSorted((a, b) => durationMs(b) - durationMs(a)).slice(0, count)
  const totalMs = modules.reduce((sum, each) => sum + durationMs(each), 0)
  const lines = slowest.map(each => `${seconds(durationMs(each))}  ${each.relativeModuleId}`)
  return [`Slowest files, of ${seconds(totalMs).trim()} in all:`, ...lines].join('\n')
}

function durationMs(module: TestModule): number {
  const { duration, collectDuration, setupDuration, environmentSetupDuration } = module.diagnostic()
  return duration + collectDuration + setupDuration + environmentSetupDuration
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1).padStart(8)} s`
}

/** A file that failed without a test of it having failed, in its imports say, counts as one, as does an error outside. */
function outcome(modules: readonly TestModule[], errors: number): string {
  const states = { passed: 0, failed: errors, skipped: 0, pending: 0 }
  for (const module of modules) {
    const before = states.failed
    for (const test of module.children.allTests()) states[test.result().state]++
    if (module.state() === 'failed' && states.failed === before) states.failed++
  }
  const { passed, failed, skipped, pending } = states
  const left = skipped + pending
  return `${passed} passed, ${failed} failed${left > 0 ? `, ${left} skipped` : ''}`
}
