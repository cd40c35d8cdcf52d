import { InvalidInput } from '../errors.ts'
import { type Command, type Field, optionName, placeholder, usage } from './command.ts'
import { commands } from './command-tree.ts'
import { flagFields } from './flags.ts'
import { definitions } from './print/definitions.ts'
import type { Printer } from './print/printer.ts'

/** The commands to begin with, for the short help. */
const first: readonly [title: string, paths: readonly string[]][] = [
  ['Remember', ['store', 'retrieve', 'search', 'find', 'delete']],
  [
    'Work together',
    ['agents register', 'tasks create', 'tasks claim', 'work', 'tasks board', 'shared update', 'events tail'],
  ],
  ['Look and care', ['query', 'stats', 'backup', 'doctor', 'shell']],
]

/** What the commands of one word are about, by their topic or the domain of their operation; the others are this program's own. */
const topics: readonly [title: string, domains: readonly (string | undefined)[]][] = [
  ['Memory', ['kv', 'find']],
  ['Work', ['tasks']],
  ['Upkeep', ['maintenance']],
  ['This program', [undefined]],
]

/** How help is laid out: whole lines to the printer, in its colours and width. */
type Layout = Pick<Printer, 'out' | 'width'>

/**
 * Prints help: of a command, of a group, or of the whole program.
 * @param isAsked true for `--help`, which is complete; the short help of the bare program does not
 */
export function printHelp(print: Printer, words: readonly string[], isAsked: boolean): undefined {
  for (const line of helpLines(words, isAsked, print)) print.styled(line)
}

function helpLines(words: readonly string[], isAsked: boolean, layout: Layout): string[] {
  const path = words.join(' ')
  const command = commands.get(path)
  if (command !== undefined) return commandHelp(command, layout)
  if (commands.isGroup(path)) return groupHelp(path, layout)
  if (path === '') return isAsked ? fullHelp(layout) : shortHelp(layout)
  throw new InvalidInput(`there is no command ${JSON.stringify(path)}`, { hint: commands.suggest(path) })
}

function shortHelp(layout: Layout): string[] {
  const list = (paths: readonly string[]) => paths.flatMap(path => commands.get(path) ?? [])
  return [
    'hivewax: the memory that a swarm of agents shares',
    '',
    '  hivewax store greeting "hello"',
    '  hivewax retrieve greeting',
    ...first.flatMap(([title, paths]) => section(title, commandLines(list(paths), layout), layout)),
    '',
    'All commands: hivewax --help. One of them: hivewax COMMAND --help.',
  ]
}

function fullHelp(layout: Layout): string[] {
  const ofTopic = (domains: readonly (string | undefined)[]) =>
    commands
      .inGroup(undefined)
      .filter(({ operation, topic }) => domains.includes(topic ?? operation?.split('.', 1)[0]))
  const ofGroup = (group: string) =>
    section(capital(group), commandLines(commands.inGroup(group), layout), layout)
  return [
    'Usage: hivewax COMMAND [values] [options]',
    ...topics.flatMap(([title, domains]) => section(title, commandLines(ofTopic(domains), layout), layout)),
    ...commands.groups().flatMap(ofGroup),
    ...section('Options of every command', fieldLines(flagFields, layout), layout),
    '',
    'A value may be - to read it from the standard input.',
    ...timeHelp,
    'Exit codes: 0 done, 1 failed, 2 wrong usage, 3 not found, 4 conflict, 5 not allowed, 6 busy, 7 corrupt,',
    '8 disk full, 130 Ctrl-C.',
  ]
}

function groupHelp(group: string, layout: Layout): string[] {
  return [
    `Usage: hivewax ${group} COMMAND [values] [options]`,
    ...section(capital(group), commandLines(commands.inGroup(group), layout), layout),
    '',
    `One of them: hivewax ${group} COMMAND --help`,
  ]
}

function commandHelp(command: Command, layout: Layout): string[] {
  const examples = command.examples.map(example => `  ${example}`)
  const values = command.positionals.map((field): [string, string] => [placeholder(field), explain(field)])
  const fields = [...command.positionals, ...command.options]
  const style = { name: layout.out.cyan, width: layout.width }
  return [
    command.summary,
    ...section('Examples', examples, layout),
    ...section('Usage', [`  ${usage(command)}`], layout),
    ...section('Values', definitions(values, style), layout),
    ...section('Options', fieldLines(command.options, layout), layout),
    '',
    ...(fields.some(({ type }) => timeTypes.has(type)) ? timeHelp.map(line => layout.out.dim(line)) : []),
    layout.out.dim('Every command takes --url, --agent, --json, --plain, --quiet …: see hivewax --help'),
  ]
}

function section(title: string, lines: readonly string[], { out }: Layout): string[] {
  return lines.length === 0 ? [] : ['', out.bold(title), ...lines]
}

function commandLines(list: readonly Command[], { out, width }: Layout): string[] {
  const pairs = list.map(({ path, summary }): [string, string] => [path, summary])
  return definitions(pairs, { name: out.cyan, width })
}

function fieldLines(fields: readonly Field[], { out, width }: Layout): string[] {
  const pairs = fields.map((field): [string, string] => [
    option(field),
    `${field.isRequired ? 'Required. ' : ''}${explain(field)}`,
  ])
  return definitions(pairs, { name: out.cyan, width })
}

/** What a field is for, and what else a caller must know of it. */
export function explain({ description, choices, isList, isVerbatim, type }: Field): string {
  const isSplit = type !== 'object' && type !== 'json' && !isVerbatim
  const notes = [
    ...(choices === undefined ? [] : [`one of ${choices.join(', ')}`]),
    ...(isList ? [isSplit ? 'several, repeated or separated by commas' : 'several'] : []),
  ]
  return [description, notes.length === 0 ? '' : `(${notes.join('; ')})`].filter(Boolean).join(' ')
}

const timeHelp = [
  'LENGTH of time: 30s, 5m, 1h30m, 7d, 2w. TIME: 2026-12-01, "2026-12-01 9:00", 2026-12-01T09:00:00Z, now,',
  '"tomorrow 9:00", yesterday, or from now: -1h30m, +7d.',
]

/** What is told of a command that takes times or lengths of time. */
const timeTypes: ReadonlySet<Field['type']> = new Set(['time', 'seconds', 'milliseconds'])

const typeNames = {
  text: 'TEXT',
  number: 'NUMBER',
  integer: 'N',
  boolean: '',
  time: 'TIME',
  seconds: 'LENGTH',
  milliseconds: 'LENGTH',
  json: 'JSON',
  object: 'NAME=VALUE',
  mixed: 'VALUE',
} as const

/** `-q, --quiet`, `--namespace TEXT` */
export function option(field: Field): string {
  const short = field.short === undefined ? '' : `-${field.short}, `
  return `${short}${optionName(field)} ${typeNames[field.type]}`.trimEnd()
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1)
}
