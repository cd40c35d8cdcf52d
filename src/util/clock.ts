import { readFileSync } from 'node:fs'
import os from 'node:os'

/** The time as hivewax sees it. Injectable, so that tests can set it forward, back or still. */
export interface Clock {
  /** Wall-clock time in milliseconds since the epoch: created, updated and expiry times. */
  now(): number
  /** Milliseconds of a clock that all processes of the machine share and that cannot be set: leases. */
  monotonicMs(): number
  /** Names the period in which `monotonicMs` is comparable: this boot of this machine. */
  readonly bootId: string
}

/** Linux gives every boot an id; elsewhere the host's name stands in, and leases are bounded in length anyway. */
function readBootId(): string {
  if (process.platform !== 'linux') return os.hostname()
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return os.hostname()
  }
}

let bootId: string | undefined

/** The machine's own clocks. `process.hrtime` reads CLOCK_MONOTONIC, which counts from boot for every process. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => Number(process.hrtime.bigint() / 1_000_000n),
  get bootId() {
    bootId ??= readBootId()
    return bootId
  },
}
