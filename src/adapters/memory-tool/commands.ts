import { InvalidInput } from '../../errors.ts'
import { checkOneOf, describe } from '../../util/check.ts'

export interface ViewCommand {
  command: 'view'
  path: string
  /** First and last line, from 1; -1 as the last is the end of the file. */
  view_range?: number[]
}

export interface CreateCommand {
  command: 'create'
  path: string
  file_text: string
}

export interface StrReplaceCommand {
  command: 'str_replace'
  path: string
  old_str: string
  new_str: string
}

export interface InsertCommand {
  command: 'insert'
  path: string
  /** The line after which the text goes; 0 is the beginning. */
  insert_line: number
  insert_text: string
}

export interface DeleteCommand {
  command: 'delete'
  path: string
}

export interface RenameCommand {
  command: 'rename'
  old_path: string
  new_path: string
}

/** What a model asks of the memory tool, as it arrives in the input of a `tool_use` block. */
export type MemoryCommand =
  | ViewCommand
  | CreateCommand
  | StrReplaceCommand
  | InsertCommand
  | DeleteCommand
  | RenameCommand

const texts = {
  view: ['path'],
  create: ['path', 'file_text'],
  str_replace: ['path', 'old_str', 'new_str'],
  insert: ['path', 'insert_text'],
  delete: ['path'],
  rename: ['old_path', 'new_path'],
} as const satisfies Record<MemoryCommand['command'], readonly string[]>

const names = Object.keys(texts) as MemoryCommand['command'][]

/** @throws InvalidInput that names the field at fault: a model may send anything */
export function checkCommand(input: unknown): MemoryCommand {
  if (typeof input !== 'object' || input === null) {
    throw new InvalidInput(`a command of the memory tool is an object, got ${describe(input)}`)
  }
  const given: Record<string, unknown> = { ...input }
  const command = checkOneOf('command', given.command, names)
  for (const field of texts[command]) {
    if (typeof given[field] !== 'string') {
      throw new InvalidInput(`${command}: ${field} must be a string, got ${describe(given[field])}`)
    }
  }
  if (command === 'insert') checkNumber('insert_line', given.insert_line)
  if (command === 'view') checkRange(given.view_range)
  // Each field that the command has was looked at.
  return given as unknown as MemoryCommand
}

function checkRange(range: unknown): void {
  if (range === undefined || range === null) return
  if (!Array.isArray(range)) throw new InvalidInput(`view_range must be an array, got ${describe(range)}`)
  for (const line of range) checkNumber('view_range', line)
}

function checkNumber(what: string, value: unknown): void {
  if (Number.isSafeInteger(value)) return
  throw new InvalidInput(`${what} must be a whole number, got ${describe(value)}`)
}
