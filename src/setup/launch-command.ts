import path from 'node:path'

/** How to start this very hivewax: Node and its script, by absolute paths, so that nothing is searched or installed. */
export interface LaunchCommand {
  readonly node: string
  readonly script: string
  /** Options that say which memory to use; none where it is found from the working directory. */
  readonly options: readonly string[]
}

/** The program that runs now. */
export function launchCommand(options: readonly string[]): LaunchCommand {
  return { node: process.execPath, script: path.resolve(process.argv[1] ?? ''), options }
}

/** Whether it lies where npm may clear it away: `npx` runs from a cache. */
export function isTemporary({ script }: LaunchCommand): boolean {
  return script.split(path.sep).includes('_npx')
}

/** The command as a POSIX shell reads it, which Claude Code uses on every platform. */
export function shellCommand({ node, script, options }: LaunchCommand, words: readonly string[]): string {
  return [node, script, ...words, ...options].map(quote).join(' ')
}

function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}
