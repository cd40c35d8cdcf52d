import { type Command, type Field, placeholder, usage } from '../../src/cli/command.ts'
import { commands } from '../../src/cli/command-tree.ts'
import { flagFields } from '../../src/cli/flags.ts'
import { explain, option } from '../../src/cli/help.ts'
import { errorTable } from '../../src/errors.ts'
import { code, paragraphs, table } from './markdown.ts'

/** Every command with its examples, values and options. */
export function commandLine(): string {
  return commands.all.map(describe).join('\n\n')
}

/** The options that every command takes. */
export function flags(): string {
  return fieldTable(flagFields.map(field => [option(field), field]))
}

/** Which codes of errors lead to which exit code. */
export function exitCodes(): string {
  const exits = [...new Set(Object.values(errorTable).map(({ exit }) => exit))].sort((a, b) => a - b)
  const codesOf = (exit: number) =>
    Object.entries(errorTable).flatMap(([name, meaning]) => (meaning.exit === exit ? [link(name)] : []))
  return table(
    ['exit code', 'codes of errors'],
    [
      ['0', 'none: it was done'],
      ...exits.map(exit => [String(exit), codesOf(exit).join(', ')]),
      ['130', 'none: Ctrl-C'],
    ],
  )
}

function describe(command: Command): string {
  const { path, summary, examples, positionals, options } = command
  return paragraphs(
    `### hivewax ${path}`,
    `${summary}.`,
    code('sh', examples.join('\n')),
    `\`${usage(command)}\``,
    fieldTable([
      ...positionals.map((field): [string, Field] => [placeholder(field), field]),
      ...options.map((field): [string, Field] => [option(field), field]),
    ]),
  )
}

function fieldTable(fields: readonly (readonly [string, Field])[]): string {
  const meaning = (field: Field) => `${field.isRequired ? 'Required. ' : ''}${explain(field)}`
  return table(
    ['', 'meaning'],
    fields.map(([name, field]) => [`\`${name}\``, meaning(field)]),
  )
}

function link(errorCode: string): string {
  return `[\`${errorCode}\`](errors.md#${errorCode})`
}
