import { type Child, startChild } from './child.ts'

/** A process with a handle of its own on a store, that does what the test tells it. */
export interface Remote {
  readonly child: Child
  /**
   * Calls a method of its memory by its path (`tasks.claim`), with arguments that are JSON, and resolves with what
   * it answers, as JSON. Rejects with `{ code, message, details }` of the error that it throws.
   */
  // biome-ignore lint/suspicious/noExplicitAny: what comes out of JSON is whatever the method returns
  call(path: string, ...args: unknown[]): Promise<any>
}

/** Starts such a process; `wallOffsetMs` sets its wall clock forward or back, and not the clock of leases. */
export function startRemote(file: string, agentId: string, wallOffsetMs = 0): Remote {
  const child = startChild('remote', file, agentId, wallOffsetMs)
  let calls = 0
  const call = async (path: string, ...args: unknown[]) => {
    const n = ++calls
    child.process.stdin?.write(`${JSON.stringify({ n, path, args })}\n`)
    const { value, error } = JSON.parse(await child.until(line => JSON.parse(line).n === n))
    if (error !== undefined) throw error
    return value
  }
  return { child, call }
}

/** Calls again and again until the answer satisfies; for what another process, or time, brings about. */
export async function until<T>(call: () => Promise<T>, satisfies: (answer: T) => boolean): Promise<T> {
  for (;;) {
    const answer = await call()
    if (satisfies(answer)) return answer
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}
