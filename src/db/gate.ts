import { Closed } from '../errors.ts'
import type { Db } from './db.ts'
import { reroute } from './reroute.ts'

/** The same database for as long as `isOpen`: afterwards every call is refused, even if others still use it. */
export function gate(db: Db, isOpen: () => boolean): Db {
  // No async functions here: each would cost every read a turn of the microtask queue.
  const whenOpen = <T>(run: () => Promise<T>): Promise<T> => (isOpen() ? run() : Promise.reject(closed()))
  const { version } = db
  return reroute(db, {
    all: query => (isOpen() ? db.all(query) : Promise.reject(closed())),
    query: (text, params, options) => whenOpen(() => db.query(text, params, options)),
    execute: (text, params) => whenOpen(() => db.execute(text, params)),
    transaction: (fn, options) => whenOpen(() => db.transaction(fn, options)),
    ...(version !== undefined && { version: () => whenOpen(() => version.call(db)) }),
  })
}

/** The error of whatever is asked of a handle after it was closed. */
export function closed(): Closed {
  return new Closed('this memory was closed', { hint: 'Open it again with openMemory().' })
}
