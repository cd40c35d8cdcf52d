import { setImmediate as nextTurn } from 'node:timers/promises'

/** How long work may hold the event loop, in milliseconds. */
const maxMs = 10

/** Has long work in pieces give the event loop its turns. */
export class LoopTurns {
  #endsAt = performance.now() + maxMs

  /** Between two pieces: lets timers and sockets have a turn when they have waited for long enough. */
  async give(): Promise<void> {
    if (performance.now() < this.#endsAt) return
    await nextTurn()
    this.#endsAt = performance.now() + maxMs
  }
}
