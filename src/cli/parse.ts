import { InvalidInput } from '../errors.ts'
import { nearest } from '../util/nearest.ts'
import { coerce } from './coerce.ts'
import { type Command, type Field, kebab, label, usage } from './command.ts'
import type { CommandTree } from './command-tree.ts'
import { type Flags, flagFields } from './flags.ts'
import { givenFor, valueField } from './value-options.ts'

/** The texts that each field was given. */
export type Texts = Map<Field, string[]>

/** A command line, read. */
export interface Parsed {
  /** The words before the options, as far as they lead to a command: `tasks claim`, `tasks`, nothing. */
  readonly words: readonly string[]
  readonly command: Command | undefined
  readonly texts: Texts
  readonly flags: Flags
  /** What is wrong with it. The flags hold all the same, so that `--help` and `--json` are obeyed. */
  readonly problem: InvalidInput | undefined
}

/** Reads a command line: options in any place, `--` before values that look like one, `-` for the standard input. */
export function parse(args: readonly string[], tree: CommandTree): Parsed {
  return new Parser(tree).parse(args)
}

/** An argument that begins with a dash: an option, or several of one letter. */
interface OptionArgument {
  /** Without dashes. */
  readonly name: string
  /** What follows an equals sign; undefined without one. */
  readonly inline: string | undefined
  /** True of two dashes. */
  readonly isLong: boolean
}

class Parser {
  readonly #tree: CommandTree
  readonly #words: string[] = []
  readonly #values: string[] = []
  readonly #texts: Texts = new Map()
  readonly #flagTexts: Texts = new Map()
  #command: Command | undefined
  #problem: InvalidInput | undefined

  constructor(tree: CommandTree) {
    this.#tree = tree
  }

  parse(args: readonly string[]): Parsed {
    const rest = [...args]
    for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
      if (arg === '--') for (const word of rest.splice(0)) this.#word(word)
      else if (isOption(arg)) this.#option(arg, rest)
      else this.#word(arg)
    }
    const flags = this.#flags()
    if (this.#command !== undefined) this.#place(this.#command, this.#values)
    if (this.#command !== undefined) this.#requireAll(this.#command)
    return {
      words: this.#words,
      command: this.#command,
      texts: this.#texts,
      flags,
      problem: this.#problem,
    }
  }

  #word(word: string): void {
    if (this.#command !== undefined) {
      this.#values.push(word)
      return
    }
    this.#words.push(word)
    const path = this.#words.join(' ')
    this.#command = this.#tree.get(path)
    if (this.#command !== undefined || this.#tree.isGroup(path)) return
    this.#fail(`there is no command ${JSON.stringify(path)}`, this.#tree.suggest(path))
  }

  #option(arg: string, rest: string[]): void {
    const option = readOption(arg)
    const { name, inline, isLong } = option
    const field = isLong ? this.#long(name) : this.#short(name[0] ?? '')
    if (field === undefined) this.#unknown(arg.split('=', 1)[0] ?? '')
    else if (field.type === 'boolean') this.#switch(field, option, rest)
    else this.#add(field, inline ?? (isLong || name.length === 1 ? this.#next(arg, rest) : name.slice(1)))
  }

  /** A boolean option; of several letters in one argument, `-qy`, the others are read next. */
  #switch(field: Field, { name, inline, isLong }: OptionArgument, rest: string[]): void {
    const isNegated = isLong && name !== kebab(field.name)
    this.#add(field, inline ?? String(!isNegated))
    if (!isLong && name.length > 1) rest.unshift(`-${name.slice(1)}`)
  }

  #next(arg: string, rest: string[]): string {
    const [next] = rest
    if (next !== undefined && !next.startsWith('--')) return rest.shift() ?? ''
    this.#fail(
      `${arg} needs a value`,
      `Write it as ${arg} VALUE, or ${arg}=VALUE when it begins with two dashes.`,
    )
    return ''
  }

  #long(name: string): Field | undefined {
    const all = this.#fields()
    const found = all.find(field => kebab(field.name) === name || field.name === name)
    return found ?? all.find(field => field.type === 'boolean' && `no-${kebab(field.name)}` === name)
  }

  #short(letter: string): Field | undefined {
    return this.#fields().find(field => field.short === letter)
  }

  #fields(): readonly Field[] {
    return [...(this.#command?.options ?? []), ...(this.#command?.positionals ?? []), ...flagFields]
  }

  #add(field: Field, text: string): void {
    const texts = field.isFlag || flagFields.includes(field) ? this.#flagTexts : this.#texts
    texts.set(field, [...(texts.get(field) ?? []), text])
  }

  #unknown(option: string): void {
    const name = nearest(
      option,
      this.#fields().map(field => `--${kebab(field.name)}`),
    )
    const help = `See hivewax ${[...this.#words, '--help'].join(' ')}.`
    const place = this.#command === undefined ? 'Options of a command follow it. ' : ''
    this.#fail(`unknown option ${option}`, name === undefined ? `${place}${help}` : `Did you mean ${name}?`)
  }

  /** Gives the values without an option to the fields that have none yet, in order; a list takes all that are left. */
  #place(command: Command, values: string[]): void {
    for (const field of command.positionals) {
      if (this.#texts.has(field) || values.length === 0) continue
      const isLast = field === command.positionals.at(-1)
      this.#texts.set(field, values.splice(0, field.isList && isLast ? values.length : 1))
    }
    if (values.length === 0) return
    this.#fail(
      `unexpected argument ${JSON.stringify(values[0])}`,
      `${usage(command)}. Quote values that hold spaces.`,
    )
  }

  #requireAll(command: Command): void {
    const fields = [...command.positionals, ...command.options]
    const isInFile = (field: Field) =>
      field === valueField(command) && givenFor('jsonFile', this.#texts) !== undefined
    const missing = fields.filter(field => field.isRequired && !this.#texts.has(field) && !isInFile(field))
    if (missing.length === 0) return
    this.#fail(
      `missing ${missing.map(field => label(command, field)).join(', ')}`,
      `Usage: ${usage(command)}`,
    )
  }

  #flags(): Flags {
    const given = [...this.#flagTexts].map(([field, texts]) => {
      try {
        return [field.name === 'db' ? 'url' : field.name, coerce({ what: `--${field.name}`, field }, texts)]
      } catch (error) {
        this.#problem ??= error as InvalidInput // coerce throws nothing else
        return []
      }
    })
    return Object.fromEntries(given)
  }

  /** Only the first problem is reported: the others may follow from it. */
  #fail(message: string, hint: string): void {
    this.#problem ??= new InvalidInput(message, { hint })
  }
}

function readOption(arg: string): OptionArgument {
  const [, name = '', inline] = /^--?([^=]+)(?:=(.*))?$/s.exec(arg) ?? []
  return { name, inline, isLong: arg.startsWith('--') }
}

/** `-5` and `-1h` are values, and so is `-`, the standard input. */
function isOption(arg: string): boolean {
  return /^-[^\d.]/.test(arg)
}
