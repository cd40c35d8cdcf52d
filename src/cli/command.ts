/** What the command line knows of a command: plain data, so that help and parsing load nothing else. */
export interface Command {
  /** The words that call it: `store`, `tasks claim`. */
  readonly path: string
  /** The operation that it runs, `kv.store`; absent for the commands that only the command line has. */
  readonly operation?: string
  /** Where help lists a command of one word that has no operation; default: with those about this program. */
  readonly topic?: string
  readonly summary: string
  readonly effect: 'read' | 'write' | 'destroy'
  /** `value` when the result is JSON of the user's own, which is printed as it is. */
  readonly result?: 'value'
  readonly positionals: readonly Field[]
  readonly options: readonly Field[]
  readonly examples: readonly string[]
  /** Not shown in help; other programs call it. */
  readonly isHidden?: boolean
}

/** One value that a command takes. */
export interface Field {
  /** As the library calls it: `agentId`; the option is `--agent-id`. */
  readonly name: string
  readonly type: FieldType
  /** Takes several values: repeated, separated by commas, or as a JSON array. */
  readonly isList?: boolean
  /** The texts of a list are its values, whatever is in them. */
  readonly isVerbatim?: boolean
  readonly isRequired?: boolean
  /** A boolean that holds unless `--no-…` is given. */
  readonly isOn?: boolean
  /** A letter that stands for the option. */
  readonly short?: string
  readonly choices?: readonly string[]
  /** It says how another value is read, and is not itself handed to the operation. */
  readonly isReading?: boolean
  /** It says how the answer is printed: one of the flags that only some commands take. */
  readonly isFlag?: boolean
  readonly description: string
}

/**
 * How the text of an argument becomes a value. `json`: JSON when it parses, else the text itself; `object`: a JSON
 * object or `name=value` pairs; `mixed`: a number when it looks like one, a time where it is one, else text; `seconds` and
 * `milliseconds`: a number of them, or a length of time with its unit.
 */
export type FieldType =
  | 'text'
  | 'number'
  | 'integer'
  | 'boolean'
  | 'time'
  | 'seconds'
  | 'milliseconds'
  | 'json'
  | 'object'
  | 'mixed'

/** `agentId` as the command line spells it: `agent-id`. */
export function kebab(name: string): string {
  return name.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)
}

/** A field as messages and help name it: `KEY` in its place, `--agent-id` as an option. */
export function label(command: Pick<Command, 'positionals'>, field: Field): string {
  return command.positionals.includes(field) ? placeholder(field) : `--${kebab(field.name)}`
}

/** `KEY`, `AGENT-ID`: stands for a positional value in usage lines. */
export function placeholder(field: Field): string {
  return kebab(field.name).toUpperCase()
}

/** The option of a field as help and completion show it: `--agent-id`, `--no-color`. */
export function optionName({ name, isOn }: Field): string {
  return `--${isOn ? 'no-' : ''}${kebab(name)}`
}

/** `hivewax store KEY VALUE [options]` */
export function usage({ path, positionals, options }: Command): string {
  const values = positionals.map(field => {
    const name = `${placeholder(field)}${field.isList ? '…' : ''}`
    return field.isRequired ? name : `[${name}]`
  })
  return ['hivewax', path, ...values, ...(options.length > 0 ? ['[options]'] : [])].join(' ')
}
