import { onTestFinished, vi } from 'vitest'
import type { Clock } from '../../src/util/clock.ts'

/** A clock that stands still until it is told to move; wall and lease time move apart when asked. */
export class TestClock implements Clock {
  bootId = 'boot-1'
  #wallMs = Date.UTC(2026, 0, 2, 3, 4, 5, 678)
  #monotonicMs = 1_000_000

  now(): number {
    return this.#wallMs
  }

  monotonicMs(): number {
    return this.#monotonicMs
  }

  /** Time passes. */
  advance(ms: number): void {
    this.#wallMs += ms
    this.#monotonicMs += ms
  }

  /** Somebody sets the wall clock, forward or back; leases must not notice. */
  setWall(ms: number): void {
    this.#wallMs = ms
  }

  /** The machine restarts: the lease clock begins anew under another boot id. */
  reboot(): void {
    this.bootId = `${this.bootId}+`
    this.#monotonicMs = 0
  }

  /** A restart of the machine where no boot has an id, or what somebody saw who read the clock a moment before. */
  setMonotonic(ms: number): void {
    this.#monotonicMs = ms
  }
}

/**
 * Makes `performance.now()` rise by so much with every call, until the end of the test: by what it tells, work gives
 * way to others, and how much is done before it does is then the same on a machine of any speed.
 */
export function paceBy(msPerCall: number): void {
  let ms = performance.now()
  const now = vi.spyOn(performance, 'now').mockImplementation(() => (ms += msPerCall))
  onTestFinished(() => now.mockRestore())
}
