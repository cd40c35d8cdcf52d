import type { Command, Field } from '../../src/cli/command.ts'

const texts: Partial<Record<Field['type'], string>> = {
  number: '1',
  integer: '1',
  mixed: '1h',
  time: 'now',
  seconds: '1h',
  milliseconds: '1h',
  object: '{}',
  boolean: 'true',
}

/**
 * The words that call a command, with a value for all that it requires.
 * @param name stands for whatever may be any text
 */
export function callOf({ path, positionals, options }: Command, name = 'x'): string[] {
  const textOf = ({ type, choices }: Field) => choices?.[0] ?? texts[type] ?? name
  return [
    ...path.split(' '),
    ...positionals.filter(field => field.isRequired).map(textOf),
    ...options.filter(field => field.isRequired).map(field => `--${field.name}=${textOf(field)}`),
  ]
}
