import { Closed } from '../errors.ts'
import type { Db } from './db.ts'

/** The same database for as long as `isOpen`: afterwards every call is refused, even if others still use it. */
export function gate(db: Db, isOpen: () => boolean): Db {
  const whenOpen = async <T>(run: () => Promise<T>): Promise<T> => {
    if (!isOpen()) throw new Closed('this memory was closed', { hint: 'Open it again with openMemory().' })
    return run()
  }
  return {
    dialect: db.dialect,
    all: query => whenOpen(() => db.all(query)),
    query: (text, params) => whenOpen(() => db.query(text, params)),
    execute: (text, params) => whenOpen(() => db.execute(text, params)),
    transaction: (fn, options) => whenOpen(() => db.transaction(fn, options)),
    ...(db.version !== undefined && { version: () => whenOpen(async () => db.version?.()) }),
  }
}
