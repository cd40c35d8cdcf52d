import path from 'node:path'
import { shellWord } from '../util/shell-word.ts'

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

/** The command as a POSIX shell reads it, which clients use for hooks. */
function shellCommand({ node, script, options }: LaunchCommand, words: readonly string[]): string {
  return [node, script, ...words, ...options].map(shellWord).join(' ')
}

/**
 * The arguments that start the server, in the place of those that are there. What a person has added to those stays,
 * but for where the memory is once that is chosen anew.
 * @param there the arguments of a configuration, if it has some; with the script or, for an installed command, without
 */
export function serverArgs({ script, options }: LaunchCommand, there?: unknown): string[] {
  const words = Array.isArray(there) ? there.map(String) : []
  const start = words.indexOf('mcp')
  const added = start === 0 || start === 1 ? words.slice(start + 1) : []
  return [script, 'mcp', ...(options.length === 0 ? added : [...withoutUrl(added), ...options])]
}

/** Whether arguments say where the memory is. */
export function namesUrl(there: unknown): boolean {
  return Array.isArray(there) && there.some(word => /^--url(=|$)/.test(String(word)))
}

function withoutUrl(words: readonly string[]): string[] {
  return words.filter((word, i) => !/^--url(=|$)/.test(word) && words[i - 1] !== '--url')
}

/**
 * The command of a hook, in the place of the one that is there, under the same rule.
 * @param words what the hook is called with, such as `Stop`
 */
export function hookCommand(program: LaunchCommand, words: string, there = ''): string {
  const added = new RegExp(` hook ${words}( .*)$`).exec(there)?.[1] ?? ''
  const kept = program.options.length === 0 ? added : added.replaceAll(/ --url[ =](?:'[^']*'|\S)+/g, '')
  const own = shellCommand({ ...program, options: [] }, ['hook', ...words.split(' ')])
  return [own + kept, ...program.options.map(shellWord)].join(' ')
}
