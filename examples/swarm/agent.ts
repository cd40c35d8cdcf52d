import { type Memory, openMemory } from '../../src/index.ts'
import { explain } from './errors.ts'

/**
 * Runs one process of the swarm. Which memory it opens, and as whom, stands in the environment, as for any agent:
 * HIVEWAX_URL and HIVEWAX_AGENT. The signal aborts when the process shall end: on SIGTERM, or when its parent is
 * gone, however that ended.
 */
export async function runAgent(work: (memory: Memory, stop: AbortSignal) => Promise<void>): Promise<void> {
  const stopping = new AbortController()
  process.on('SIGTERM', () => stopping.abort())
  process.on('disconnect', () => stopping.abort())
  // Listening for the parent's end must not keep this process alive.
  process.channel?.unref()
  // Ctrl-C reaches every process of a terminal; the parent decides what happens then.
  process.on('SIGINT', () => {})
  try {
    await using memory = await openMemory()
    await work(memory, stopping.signal)
  } catch (error) {
    // What was cut short by the signal ends with an error, and is none.
    if (stopping.signal.aborted) return
    console.error(explain(error))
    process.exitCode = 1
  }
}

/** The name under which this process acts. */
export function ownName(): string {
  return process.env.HIVEWAX_AGENT ?? 'nobody'
}
