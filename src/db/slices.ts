import { setImmediate as nextTurn } from 'node:timers/promises'

/** A part of some rows in their order: behind one of them, and up to another one, itself included. */
export interface Slice<Key> {
  /** undefined: from the first one. */
  readonly after: Key | undefined
  /** undefined: to the last one. */
  readonly end: Key | undefined
}

/** Rows in an order that an index has, among which no index leads to those that are looked for. */
export interface Sliced<Key, Row> {
  /** The key of the last one of the next `size` rows behind `after`; undefined when there are not so many. */
  readonly endOf: (after: Key | undefined, size: number) => Promise<Key | undefined>
  /** The first rows of a slice that are looked for. */
  readonly read: (slice: Slice<Key>, limit: number) => Promise<Row[]>
}

export interface SlicesOptions<Key> {
  /** Begin behind this row. Default: at the first one. */
  readonly after?: Key | undefined
  readonly limit: number
  /** Ends it between two slices, with the signal's reason. */
  readonly signal?: AbortSignal | undefined
}

/** Rows that one statement looks through at most, in a few milliseconds. */
const maxSize = 5_000

/**
 * The first rows that are looked for, a slice at a time, with a turn of the event loop in between, so that a rare one
 * among millions holds up nobody. Mostly the first ones are soon found: the slices begin small.
 */
export async function readInSlices<Key, Row>(
  { endOf, read }: Sliced<Key, Row>,
  { after: start, limit, signal }: SlicesOptions<Key>,
): Promise<Row[]> {
  const found: Row[] = []
  for (let after = start, size = Math.max(100, 4 * limit); ; size = Math.min(4 * size, maxSize)) {
    const end = await endOf(after, size)
    found.push(...(await read({ after, end }, limit - found.length)))
    if (end === undefined || found.length >= limit) return found
    after = end
    await nextTurn()
    signal?.throwIfAborted()
  }
}
