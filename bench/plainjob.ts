import { DatabaseSync } from 'node:sqlite'
import { type Connection, defineQueue, type Queue } from 'plainjob'

const silent = { error() {}, warn() {}, info() {}, debug() {} }

/**
 * plainjob, a queue on SQLite, over the same binding of SQLite as hivewax, so that the queues are compared and not
 * the bindings. It sets `synchronous = normal` itself.
 */
export function openPlainjob(file: string): Queue {
  return defineQueue({ connection: connect(file), logger: silent })
}

export { defineWorker } from 'plainjob'

export { silent as silentLogger }

function connect(file: string): Connection {
  const db = new DatabaseSync(file)
  const begin = db.prepare('begin immediate')
  const commit = db.prepare('commit')
  const transaction = (fn: (...params: never[]) => unknown) => {
    const run = (...params: never[]) => {
      begin.run()
      try {
        const result = fn(...params)
        commit.run()
        return result
      } catch (error) {
        db.exec('rollback')
        throw error
      }
    }
    return Object.assign(run, { default: run, deferred: run, immediate: run, exclusive: run })
  }
  return {
    driver: 'better-sqlite3',
    filename: file,
    pragma: text => db.exec(`pragma ${text}`),
    exec: text => db.exec(text),
    prepare: text => db.prepare(text) as never,
    transaction: transaction as never,
    close: () => db.close(),
  }
}
