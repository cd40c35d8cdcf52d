import { nearest } from '../util/nearest.ts'
import type { Command } from './command.ts'
import { manifest } from './manifest.ts'
import { additions } from './own-commands/additions.ts'
import { ownCommands } from './own-commands/index.ts'

/** The words for commands that other programs use. */
const synonyms = new Map([
  ['get', 'retrieve'],
  ['set', 'store'],
  ['put', 'store'],
  ['rm', 'delete'],
  ['del', 'delete'],
  ['ls', 'search'],
  ['list', 'search'],
  ['keys', 'search'],
  ['sql', 'query'],
  ['repl', 'shell'],
])

/** All commands, by the words that call them. */
export class CommandTree {
  /** Those that are shown. */
  readonly all: readonly Command[]
  readonly #byPath: ReadonlyMap<string, Command>

  /** @param own the commands that only the command line has; one that an operation describes already adds nothing */
  constructor(described: readonly Command[], own: readonly Command[]) {
    const paths = new Set(described.map(({ path }) => path))
    const all = [...described, ...own.filter(({ path }) => !paths.has(path))]
    this.all = all.filter(({ isHidden }) => !isHidden)
    this.#byPath = new Map(all.map(command => [command.path, command]))
  }

  /** A group may be called by its singular: `task list` is `tasks list`. */
  get(path: string): Command | undefined {
    return this.#byPath.get(path) ?? this.#byPath.get(path.replace(/^\S+(?= )/, word => `${word}s`))
  }

  /** Whether commands begin with this word, as with `tasks`, or `task`. */
  isGroup(word: string): boolean {
    return this.all.some(({ path }) => path.startsWith(`${word} `) || path.startsWith(`${word}s `))
  }

  /** The commands of a group; of none: those that are one word. */
  inGroup(group: string | undefined): Command[] {
    return this.all.filter(({ path }) => groupOf(path) === group)
  }

  /** The groups, in the order of their first command. */
  groups(): string[] {
    return [...new Set(this.all.flatMap(({ path }) => groupOf(path) ?? []))]
  }

  /** A hint for words that are no command. */
  suggest(words: string): string {
    const synonym = this.#byPath.get(synonyms.get(words) ?? '')?.path
    const found = synonym ?? nearest(words, this.#candidates()) ?? this.#inSomeGroup(words)
    const group = groupOf(words)
    const list = group !== undefined && this.isGroup(group) ? `hivewax ${group} --help` : 'hivewax --help'
    return found === undefined ? `See ${list}.` : `Did you mean hivewax ${found}?`
  }

  *#candidates(): Iterable<string> {
    for (const { path } of this.all) yield path
    yield* this.groups()
  }

  #inSomeGroup(word: string): string | undefined {
    return this.all.find(({ path }) => path.endsWith(` ${word}`))?.path
  }
}

function groupOf(path: string): string | undefined {
  return path.includes(' ') ? path.split(' ', 1)[0] : undefined
}

/** The command of an operation, with what the command line adds to it. */
function extended(command: Command): Command {
  const more = additions.get(command.path)
  if (more === undefined) return command
  const moved = command.options.filter(({ name }) => more.positionals.includes(name))
  return {
    ...command,
    positionals: [...command.positionals, ...moved],
    options: [...command.options.filter(field => !moved.includes(field)), ...more.options],
    examples: [...command.examples, ...more.examples],
  }
}

/** The commands of this program. */
export const commands = new CommandTree(manifest.map(extended), ownCommands)
