import fs from 'node:fs'
import { InvalidInput } from '../errors.ts'
import { parseExactly } from '../util/exact-json.ts'
import { fileError, systemCode } from '../util/file-error.ts'
import type { Command, Field } from './command.ts'
import type { Texts } from './parse.ts'

/** The options of a command that takes JSON in a place of its own: how it is read, and from where. */
export const valueOptions: readonly Field[] = [
  {
    name: 'text',
    type: 'boolean',
    isReading: true,
    description: 'Take the value as text, be it a number, true or JSON',
  },
  {
    name: 'jsonFile',
    type: 'text',
    isReading: true,
    description: 'Read the value from this file, which must be JSON',
  },
]

/** The field of a command that is a value of the user's own: JSON, in a place of its own. */
export function valueField({ positionals }: Pick<Command, 'positionals'>): Field | undefined {
  return positionals.find(({ type, isList }) => type === 'json' && !isList)
}

/** What was given for one of the {@link valueOptions}. */
export function givenFor(name: 'text' | 'jsonFile', texts: Texts): string | undefined {
  return [...texts].find(([field]) => field.isReading && field.name === name)?.[1].at(-1)
}

/** Puts the text of `--json-file` in the place of the value. */
export function fillFromFile(command: Command, texts: Texts): void {
  const file = givenFor('jsonFile', texts)
  const field = valueField(command)
  if (file === undefined || field === undefined) return
  if (texts.has(field) || givenFor('text', texts) !== undefined)
    throw new InvalidInput('--json-file gives the whole value: leave out the value, and --text')
  texts.set(field, [readText(file)])
}

function readText(file: string): string {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(fs.readFileSync(file))
  } catch (error) {
    if (error instanceof TypeError) throw new InvalidInput(`${file} is not UTF-8 text`, { cause: error })
    if (systemCode(error) === 'ENOENT') throw new InvalidInput(`--json-file: there is no file ${file}`)
    throw fileError(error, file)
  }
  parseExactly(file, text)
  return text
}
