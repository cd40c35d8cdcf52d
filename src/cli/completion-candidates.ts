import fs from 'node:fs'
import { locate } from '../location/location.ts'
import type { Memory } from '../memory.ts'
import { type Command, type Field, optionName } from './command.ts'
import { commands } from './command-tree.ts'
import { type Flags, flagFields } from './flags.ts'
import { parse } from './parse.ts'

/** Something that may come next on a command line. */
export interface Candidate {
  readonly text: string
  readonly description: string
}

/** What completion needs to look up keys and names. */
interface Lookup {
  readonly flags: Flags
  readonly memory: () => Promise<Memory>
}

/** A value that is begun, and the command that it is for: undefined while that is not known. */
interface BegunValue extends Lookup {
  readonly command: Command | undefined
  readonly begun: string
}

/** How many keys or names are offered at most. */
const maxLookedUp = 50

/**
 * What may come next on a command line, of which the last word is begun.
 * @param words all words after `hivewax`, the begun one last, perhaps empty
 */
export async function complete(words: readonly string[], lookup: Lookup): Promise<Candidate[]> {
  const begun = words.at(-1) ?? ''
  const before = words.slice(0, -1)
  const candidates = await next(before, begun, lookup)
  return candidates.filter(({ text }) => text.startsWith(begun))
}

async function next(before: readonly string[], begun: string, lookup: Lookup): Promise<Candidate[]> {
  const { command, words, texts, flags } = parse(before, commands)
  const value = { command, begun, memory: lookup.memory, flags: { ...lookup.flags, ...flags } }
  const fields =
    command === undefined ? flagFields : [...command.options, ...command.positionals, ...flagFields]
  const awaiting = fields.find(field => field.type !== 'boolean' && before.at(-1) === optionName(field))
  if (awaiting !== undefined) return valuesOf(awaiting, value)
  if (begun.startsWith('-')) return fields.map(toOption)
  if (command === undefined) return wordsAfter(words)
  if (command.path === 'help') return wordsAfter(before.slice(before.indexOf('help') + 1))
  const open = command.positionals.find(field => !texts.has(field) || field.isList)
  return open === undefined ? [] : valuesOf(open, value)
}

function toOption(field: Field): Candidate {
  return { text: optionName(field), description: field.description }
}

/** The words that go on from these to a command. */
function wordsAfter(words: readonly string[]): Candidate[] {
  const begin = words.map(word => `${word} `).join('')
  const rest = commands.all.filter(({ path }) => path.startsWith(begin))
  const found = rest.map(({ path, summary }): [string, string] => {
    const [word = '', more] = path.slice(begin.length).split(' ', 2)
    return [word, more === undefined ? summary : `${word} commands`]
  })
  return [...new Map(found)].map(([text, description]) => ({ text, description }))
}

async function valuesOf(field: Field, { command, begun, flags, memory }: BegunValue): Promise<Candidate[]> {
  if (field.choices !== undefined) return field.choices.map(text => ({ text, description: '' }))
  const list = lookups.get(`${command?.operation?.split('.', 1)[0]}.${field.name}`) ?? lookups.get(field.name)
  if (list === undefined || !storeExists(flags)) return []
  const names = await list(await memory(), begun)
  // A name with such characters would have to be quoted, and each shell does it in its own way.
  return names.filter(name => !/[\s'"\\$`!*?()<>|&;#]/.test(name)).map(text => ({ text, description: '' }))
}

type List = (memory: Memory, begun: string) => Promise<string[]>

const listAgents: List = async memory =>
  (await memory.agents.list({ limit: maxLookedUp })).items.map(({ id }) => id)

/** How to look up the values of a field, by its name, or by domain and name where domains differ. */
const lookups: ReadonlyMap<string, List> = new Map<string, List>([
  [
    'kv.key',
    async (memory, begun) => {
      const { items } = await memory.kv.search(`${begun.replace(/[*?[]/g, '[$&]')}*`, { limit: maxLookedUp })
      return items.map(({ key }) => key)
    },
  ],
  [
    'shared.key',
    async (memory, begun) =>
      (await memory.shared.list(begun, { limit: maxLookedUp })).items.map(({ key }) => key),
  ],
  [
    'namespace',
    async memory =>
      (await memory.kv.namespaces({ limit: maxLookedUp })).items.map(({ namespace }) => namespace),
  ],
  ['agent', listAgents],
  ['agentId', listAgents],
  ['agents.id', listAgents],
])

/** Looking for keys must not create the store. */
function storeExists({ url }: Flags): boolean {
  return fs.existsSync(locate(url).url)
}
