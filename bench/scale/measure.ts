import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Memory } from '../../src/memory.ts'
import { quantile } from '../harness.ts'
import type { Call } from './calls.ts'

/** One call in two stores: its times, and the longest time for which it held the event loop in the large one. */
export interface Measured {
  operation: string
  smallMs: number
  largeMs: number
  ratio: number
  gapMs: number
}

/** A call is made no more often when that has taken so many milliseconds. */
const enoughMs = 2_000

/** Makes a call so often in each store. They take turns, so that a noisy moment of the machine meets both. */
export async function measure(
  call: Call,
  { small, large }: { small: Memory; large: Memory },
  rounds: number,
): Promise<Measured> {
  const times: Record<'small' | 'large', number[]> = { small: [], large: [] }
  let gapMs = 0
  // The first time pays for compiling, and for pages that are not in memory.
  await call.run(small, 0)
  await call.run(large, 0)
  const end = performance.now() + enoughMs
  for (let round = 1; round <= rounds && (round <= 2 || performance.now() < end); round++) {
    times.small.push((await timed(() => call.run(small, round))).ms)
    const { ms, heldMs } = await timed(() => call.run(large, round))
    times.large.push(ms)
    gapMs = Math.max(gapMs, heldMs)
  }
  const [smallMs, largeMs] = [quantile(times.small, 0.5), quantile(times.large, 0.5)]
  return { operation: call.name, smallMs, largeMs, ratio: largeMs / smallMs, gapMs }
}

/** How long a call took, and how long it held the event loop at most, in milliseconds. */
export async function timed(call: () => Promise<unknown>): Promise<{ ms: number; heldMs: number }> {
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  // It counts from its first tick on.
  await sleep(3)
  const startedAt = performance.now()
  await call()
  const ms = performance.now() - startedAt
  await sleep(3)
  delay.disable()
  return { ms, heldMs: Math.max(0, delay.max / 1e6 - 1) }
}
