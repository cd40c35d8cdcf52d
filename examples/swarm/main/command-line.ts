import path from 'node:path'
import { fileURLToPath } from 'node:url'

const project = fileURLToPath(new URL('../../..', import.meta.url))

/** How to call `hivewax` from here, and the flags that lead it to this memory, if it needs any. */
export function commandLine(file: string): [command: string, flags: string] {
  const isHome = path.resolve('.') === path.resolve(project)
  const command = isHome ? 'npx hivewax' : `node ${quote(path.join(project, 'bin', 'hivewax.js'))}`
  const isFound = file === path.resolve('.swarm', 'memory.db') && process.env.HIVEWAX_URL === undefined
  return [command, isFound ? '' : `--db ${quote(path.relative('.', file))}`]
}

/** For the shell, in which `*` and spaces have a meaning. */
export function quote(text: string): string {
  return /^[\w./@-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}
