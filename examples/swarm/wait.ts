import type { EventRecord, Memory } from '../../src/index.ts'

export interface WaitOptions {
  types: string[]
  /** The id after which to start, read before what is waited for was set off: so nothing is missed. */
  since: number
  signal: AbortSignal
}

/** Reads events as they are logged, by any process, until `isEnough` says so of one. Throws when aborted before. */
export async function untilEvent(
  memory: Memory,
  { signal, ...options }: WaitOptions,
  isEnough: (event: EventRecord) => boolean,
): Promise<void> {
  for await (const event of memory.events.subscribe({ ...options, signal })) {
    if (isEnough(event)) return
  }
  signal.throwIfAborted()
}

/** The id of the newest event, 0 when there is none. */
export async function lastEventId(memory: Memory): Promise<number> {
  return (await memory.events.latest())?.id ?? 0
}
