import type { Reference } from '../briefing/section.ts'
import { shellWord } from '../util/shell-word.ts'
import { optionName } from './command.ts'
import { commands } from './command-tree.ts'

/** The command line that calls an operation so. */
export function commandLine({ operation, input }: Reference): string {
  const command = commands.all.find(command => command.operation === operation)
  if (command === undefined) throw new Error(`${operation} has no command`)
  const given = <T extends { readonly name: string }>(fields: readonly T[]) =>
    fields.flatMap(field => {
      const value = input[field.name]
      return value === undefined ? [] : [{ field, word: shellWord(String(value)), isOn: value === true }]
    })
  const words = given(command.positionals).map(({ word }) => word)
  const options = given(command.options).map(({ field, word, isOn }) =>
    isOn ? optionName(field) : `${optionName(field)} ${word}`,
  )
  return ['hivewax', command.path, ...words, ...options].join(' ')
}
