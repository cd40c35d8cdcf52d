import { setTimeout as sleep } from 'node:timers/promises'

/** How long commands that are to end may take before they are killed; and between two looks at whether they have. */
const killAfterMs = 5_000
const lookEveryMs = 20

/**
 * The process groups of running commands, by the ids of their first processes. A command has a group of its own, so
 * that Ctrl-C at the terminal does not reach it, and ending it reaches all that it has started.
 */
export class ProcessGroups {
  readonly #ids = new Set<number>()

  add(id: number): void {
    this.#ids.add(id)
  }

  delete(id: number): void {
    this.#ids.delete(id)
  }

  /** Ends a group: SIGTERM, and SIGKILL 5 seconds later. Resolves when it has ended. */
  async end(id: number): Promise<void> {
    const killAt = performance.now() + killAfterMs
    for (let isAlive = signalGroup(id, 'SIGTERM'); isAlive; isAlive = signalGroup(id, 0)) {
      if (performance.now() >= killAt) return void signalGroup(id, 'SIGKILL')
      await sleep(lookEveryMs)
    }
  }

  /** Kills all of them at once: for the end of this process. */
  readonly kill = (): void => {
    for (const id of this.#ids) signalGroup(id, 'SIGKILL')
  }
}

/** Sends a signal to all processes of a group, 0 to none of them. False when it has none that we may signal. */
function signalGroup(id: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-id, signal)
  } catch (error) {
    if (error instanceof Error && 'code' in error && ['ESRCH', 'EPERM'].includes(String(error.code)))
      return false
    throw error
  }
}
