import { type Memory, openMemory } from '../../src/index.ts'
import { explain } from './errors.ts'
import { capability, lifeMs, swarmId } from './swarm.ts'

/**
 * Runs one process of the swarm. The memory that it opens, and the agent that it acts as, stand in the environment, as
 * for any agent: HIVEWAX_URL and HIVEWAX_AGENT. The signal aborts when the process shall end: on SIGTERM, or when its
 * parent is gone, however that ended.
 */
export async function runAgent(work: (memory: Memory, stop: AbortSignal) => Promise<void>): Promise<void> {
  const stopping = new AbortController()
  process.on('SIGTERM', () => stopping.abort())
  process.on('disconnect', () => stopping.abort())
  if (process.connected === false) stopping.abort()
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

/** Registers this process as an agent of the swarm, and gives signs of life until it is disposed of. */
export async function join(memory: Memory, type: string): Promise<Disposable> {
  const id = ownName()
  await memory.registerAgent({ id, type, swarmId, capabilities: [capability], ttl: lifeMs / 1000 })
  // One that fails needs no answer: there are others in time.
  const beating = setInterval(() => memory.agents.heartbeat(id).catch(() => {}), lifeMs / 4)
  return { [Symbol.dispose]: () => clearInterval(beating) }
}

/** The name under which this process acts. */
export function ownName(): string {
  return process.env.HIVEWAX_AGENT ?? 'nobody'
}
