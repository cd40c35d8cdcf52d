import type { Memory } from '../memory.ts'
import type { Operation } from '../operation.ts'
import { unlessAborted } from '../util/signals.ts'

interface Awaited {
  readonly memory: Memory
  /** Aborts when the caller has left or has had its time. Default: it waits. */
  readonly signal: AbortSignal | undefined
}

/**
 * Runs an operation for as long as its caller waits for it: then it is refused with the reason of the signal at once,
 * whatever the operation is at. Of that nothing more begins, and what it gets all the same is given back, since nobody
 * knows that he holds it.
 */
export async function whileAwaited(
  { giveBack }: Operation,
  { memory, signal }: Awaited,
  run: (memory: Memory) => Promise<unknown>,
): Promise<unknown> {
  if (signal === undefined) return run(memory)
  signal.throwIfAborted()
  // The handle of a transaction ends with that.
  const running = run('until' in memory ? memory.until(signal) : memory)
  if (giveBack !== undefined) {
    const settle = async (answer: unknown) => signal.aborted && giveBack(answer)(memory)
    // What cannot be given back lapses, as what its holder has forgotten does.
    running.then(settle).catch(() => {})
  }
  return unlessAborted(running, signal)
}
