import path from 'node:path'
import { Conflict, InvalidInput, NotFound } from '../errors.ts'
import type { MemoryRecord } from '../kv/record.ts'
import type { Memory } from '../memory.ts'
import {
  type CreateCommand,
  checkCommand,
  type DeleteCommand,
  type InsertCommand,
  type MemoryCommand,
  type RenameCommand,
  type StrReplaceCommand,
  type ViewCommand,
} from './memory-tool/commands.ts'
import { contentOf, Folder, keyOf, missing, root } from './memory-tool/folder.ts'
import { numbered, showFile, showFolder } from './memory-tool/show.ts'
import { baseNamespace, isLostRace } from './records.ts'

export type { MemoryCommand } from './memory-tool/commands.ts'

export interface MemoryToolOptions {
  /** Which namespace the files are in, one record each. Default `memories`. */
  namespace?: string | undefined
}

/**
 * Anthropic's memory tool (`memory_20250818`) over the store: the handlers that `betaMemoryTool` takes, with the
 * texts of the SDK's own file-system tool. Each command is one transaction: it is durable when its promise resolves,
 * nothing is left of one that fails, and commands of other processes happen before it or after it.
 */
export class HivewaxMemoryTool {
  readonly #memory: Memory
  readonly #namespace: string

  constructor(memory: Memory, { namespace = 'memories' }: MemoryToolOptions = {}) {
    this.#memory = memory
    this.#namespace = baseNamespace(namespace)
  }

  /**
   * Runs the input of a `tool_use` block, whatever its shape.
   * @throws InvalidInput, NotFound and Conflict, whose message is the text for the model
   */
  async execute(input: unknown): Promise<string> {
    const command = checkCommand(input)
    // Each handler takes the command of its own name.
    const handler = this[command.command] as (command: MemoryCommand) => Promise<string>
    return handler.call(this, command)
  }

  /** A file with line numbers, or what is in a folder. */
  async view({ path: given, view_range }: ViewCommand): Promise<string> {
    const folder = new Folder(this.#memory, this.#namespace)
    const full = await folder.resolve(given)
    const entry = await folder.entry(full)
    if (entry === undefined) throw missing(given)
    if (entry.kind === 'file') return showFile(given, contentOf(entry.record), view_range)
    return showFolder(given, full === root ? 0 : keyOf(full).length + 1, folder.below(full))
  }

  /** Makes a file; it is refused when there is one. */
  async create({ path: given, file_text }: CreateCommand): Promise<string> {
    await this.#change(async folder => {
      const full = await folder.resolve(given)
      if (await folder.entry(full)) throw new Conflict(`File ${given} already exists`)
      await folder.write(keyOf(full), file_text)
    })
    return `File created successfully at: ${given}`
  }

  /** Replaces a text that stands on one line only; shows the lines around it. */
  async str_replace({ path: given, old_str, new_str }: StrReplaceCommand): Promise<string> {
    const { text, line } = await this.#edit(given, content => {
      const line = onlyLine(content, old_str, given)
      return { text: content.replace(old_str, () => new_str), line }
    })
    const lines = text.split('\n')
    const start = Math.max(0, line - 2)
    const snippet = numbered(lines.slice(start, Math.min(lines.length, line + 3)), start + 1)
    return `The memory file has been edited. Here is the snippet showing the change (with line numbers):\n${snippet}`
  }

  /** Puts a text after a line of a file. */
  async insert({ path: given, insert_line, insert_text }: InsertCommand): Promise<string> {
    await this.#edit(given, content => {
      const lines = content.split('\n')
      if (insert_line < 0 || insert_line > lines.length) {
        const range = `within the range of lines of the file: [0, ${lines.length}]`
        throw new InvalidInput(`Invalid \`insert_line\` parameter: ${insert_line}. It should be ${range}`)
      }
      lines.splice(insert_line, 0, insert_text.replace(/\n$/, ''))
      return { text: lines.join('\n') }
    })
    return `The file ${given} has been edited.`
  }

  /** Deletes a file, or a folder with all that it holds. */
  async delete({ path: given }: DeleteCommand): Promise<string> {
    await this.#change(async folder => {
      const full = await folder.resolve(given)
      if (full === root) throw new InvalidInput('Cannot delete the /memories directory itself')
      const records = await held(folder, full)
      if (records.length === 0) throw new NotFound(`The path ${given} does not exist`)
      for (const { key } of records) await folder.remove(key)
      await folder.keep(path.posix.dirname(full))
    })
    return `Successfully deleted ${given}`
  }

  /** Moves a file or a folder to where nothing is. */
  async rename({ old_path, new_path }: RenameCommand): Promise<string> {
    await this.#change(async folder => {
      const from = await folder.resolve(old_path)
      const to = await folder.resolve(new_path)
      if (from === root) throw new InvalidInput('Cannot rename the /memories directory itself')
      if (await folder.entry(to)) throw new Conflict(`The destination ${new_path} already exists`)
      if (to.startsWith(`${from}/`)) {
        throw new InvalidInput(`EINVAL: invalid argument, rename '${from}' -> '${to}'`)
      }
      const records = await held(folder, from)
      if (records.length === 0) throw new NotFound(`The path ${old_path} does not exist`)
      for (const record of records)
        await folder.move(record, keyOf(to) + record.key.slice(keyOf(from).length))
      await folder.keep(path.posix.dirname(from))
    })
    return `Successfully renamed ${old_path} to ${new_path}`
  }

  /** Begins anew when somebody else has written a file since it was read. */
  async #change<T>(work: (folder: Folder) => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await this.#memory.transaction(tx => work(new Folder(tx, this.#namespace)))
      } catch (error) {
        if (!isLostRace(error)) throw error
      }
    }
  }

  #edit<T extends { text: string }>(given: string, change: (content: string) => T): Promise<T> {
    return this.#change(async folder => {
      const record = await folder.existingFile(given)
      const changed = change(contentOf(record))
      await folder.write(record.key, changed.text, record)
      return changed
    })
  }
}

/** The records that a path stands for: of a file its own, of a folder all below it. */
async function held(folder: Folder, full: string): Promise<MemoryRecord[]> {
  const file = await folder.file(full)
  if (file !== undefined) return [file]
  const records: MemoryRecord[] = []
  for await (const record of folder.below(full)) records.push(record)
  return records
}

/** The index of the only line that holds a text. */
function onlyLine(content: string, text: string, given: string): number {
  const found = content.split('\n').flatMap((line, i) => (line.includes(text) ? [i] : []))
  const [line] = found
  const refusal = 'No replacement was performed'
  if (line === undefined) {
    throw new InvalidInput(`${refusal}, old_str \`${text}\` did not appear verbatim in ${given}.`)
  }
  if (found.length === 1) return line
  const lines = found.map(i => i + 1).join(', ')
  const many = `Multiple occurrences of old_str \`${text}\` in lines: ${lines}`
  throw new InvalidInput(`${refusal}. ${many}. Please ensure it is unique`)
}
