import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { isServer } from './options.ts'

const project = fileURLToPath(new URL('../../..', import.meta.url))

/**
 * How to call `hivewax` from here, and the flags that lead it to this memory, if it needs any. A password is not shown:
 * it is better off in PGPASSWORD or ~/.pgpass.
 */
export function commandLine(location: string): [command: string, flags: string] {
  const isHome = path.resolve('.') === path.resolve(project)
  const command = isHome ? 'npx hivewax' : `node ${quote(path.join(project, 'bin', 'hivewax.js'))}`
  if (isServer(location)) return [command, `--url ${quote(location.replace(/(\/\/[^:@/]*):[^@/]*@/, '$1@'))}`]
  const isFound = location === path.resolve('.swarm', 'memory.db') && process.env.HIVEWAX_URL === undefined
  return [command, isFound ? '' : `--db ${quote(path.relative('.', location))}`]
}

/** For the shell, in which `*` and spaces have a meaning. */
export function quote(text: string): string {
  return /^[\w./@-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}
