import fs from 'node:fs'
import path from 'node:path'
import type { AbortableOptions } from '../db/engine.ts'
import type { MemoryRecord } from '../kv/kv.ts'
import type { Memory } from '../memory.ts'
import { checkName } from '../util/check.ts'
import { fileError } from '../util/file-error.ts'
import { checkGlob, matchesGlob } from '../util/glob.ts'
import { type Names, optionCheck } from '../util/options.ts'
import { allItems } from '../util/page.ts'
import { FileNames, nameFromPath } from './file-names.ts'
import { markdownFiles, prepareFolder } from './folder.ts'
import { isSame, type MemoryFile, readMemoryFile, writeMemoryFile } from './memory-file.ts'

export interface ExportMemoryOptions extends AbortableOptions {
  /** Only this namespace. Default `*`: all. */
  namespace?: string | undefined
  /** Only keys that match this glob. Default `*`: all. */
  keys?: string | undefined
}

/** A file that stays as it is. Importing the folder first takes in all but what is `unreadable`. */
export interface KeptFile {
  /** Its path in the folder. */
  file: string
  /**
   * Somebody has `edited` it since it was written; it is `newer` than what the store has; it is of a record that is `unknown`
   * to the store; or it is `unreadable`.
   */
  why: 'edited' | 'newer' | 'unknown' | 'unreadable'
}

/** What an export did. */
export interface ExportMemoryResult {
  folder: string
  /** How many records there are. */
  records: number
  /** Files that are new, or have become others. */
  written: number
  unchanged: number
  /** Files of records that were deleted, or have expired. */
  removed: number
  kept: KeptFile[]
}

const checkOptions = optionCheck('exportMemory', {
  namespace: true,
  keys: true,
  signal: true,
  onProgress: true,
} satisfies Names<keyof ExportMemoryOptions>)

/**
 * Writes key-value memory into a folder of Markdown files, one for each record, which people and git read and compare, and
 * which `importFrom` takes in again. Repeated into the same folder it writes what has changed, removes what is gone, and
 * replaces nothing that it has not written itself. Each record is as it was when it was read.
 * @param folder is made when it is not there; its parent must be
 * @throws InvalidInput when the folder is neither empty nor an earlier export
 */
export async function exportMemory(
  memory: Memory,
  folder: string,
  options: ExportMemoryOptions = {},
): Promise<ExportMemoryResult> {
  checkOptions(options)
  const { namespace = '*', keys = '*', signal, onProgress } = options
  const run = new Export(memory, path.resolve(checkName('folder', folder, 4096)))
  const total = await countRecords(memory, namespace)
  prepareFolder(run.result.folder)
  const glob = checkGlob(keys)
  for await (const record of allItems(page => memory.kv.search(glob, { namespace, signal, ...page }))) {
    run.write(record)
    onProgress?.({ step: 'export', fraction: Math.min(1, run.result.records / total) })
  }
  onProgress?.({ step: 'export', fraction: 1 })
  await run.removeGone(
    file => (namespace === '*' || file.namespace === namespace) && matchesGlob(keys, file.key),
  )
  return run.result
}

async function countRecords({ kv }: Memory, namespace: string): Promise<number> {
  let total = 0
  for await (const each of allItems(page => kv.namespaces(page)))
    if (namespace === '*' || namespace === each.namespace) total += each.count
  return total
}

type Named = MemoryFile & { readonly namespace: string; readonly key: string }

/** One run of an export. */
class Export {
  readonly result: ExportMemoryResult
  readonly #memory: Memory
  readonly #names = new FileNames()

  constructor(memory: Memory, folder: string) {
    this.#memory = memory
    this.result = { folder, records: 0, written: 0, unchanged: 0, removed: 0, kept: [] }
  }

  write(record: MemoryRecord): void {
    const name = this.#names.next(record.namespace, record.key)
    this.result.records++
    const text = writeMemoryFile(record)
    const why = this.#whyKept(name, record, text)
    if (why === 'same') this.result.unchanged++
    else if (why === undefined) this.#put(name, text)
    else this.#keep(name, why)
  }

  /** Why the file of a record stays as it is; undefined when it is to be written. */
  #whyKept(name: string, record: MemoryRecord, text: string): KeptFile['why'] | 'same' | undefined {
    const file = this.#read(name)
    if (file === undefined) return undefined
    if (file.text === text) return 'same'
    if (file.holds === undefined) return 'unreadable'
    const isAlike = isSame(file.holds, record)
    if (file.holds.isEdited) return isAlike ? undefined : 'edited'
    const age = (file.holds.updatedAt ?? record.updatedAt).getTime() - record.updatedAt.getTime()
    // Two stores that write into one folder in turn would else change the file each time, by who brought the record there.
    if (isAlike && age >= 0) return 'same'
    return age > 0 ? 'newer' : undefined
  }

  /** Removes the files of records that the store has had and has no more. */
  async removeGone(isChosen: (file: Named) => boolean): Promise<void> {
    for (const name of markdownFiles(this.result.folder).filter(each => !this.#names.has(each))) {
      const holds = this.#read(name)?.holds
      if (holds === undefined) this.#keep(name, 'unreadable')
      else {
        const file = { ...nameFromPath(name), ...defined(holds) }
        if (isChosen(file)) await this.#removeIfGone(name, file)
      }
    }
  }

  async #removeIfGone(name: string, file: Named): Promise<void> {
    if (file.isEdited) return this.#keep(name, 'edited')
    const { items } = await this.#memory.kv.history(file.key, { namespace: file.namespace, limit: 1 })
    const [latest] = items
    const hasExpired = file.expiresAt !== undefined && file.expiresAt <= new Date()
    if (latest === undefined && !hasExpired) return this.#keep(name, 'unknown')
    if (latest !== undefined && (file.updatedAt ?? latest.updatedAt) > latest.updatedAt)
      return this.#keep(name, 'newer')
    fs.rmSync(this.#path(name))
    removeEmpty(path.dirname(this.#path(name)), this.result.folder)
    this.result.removed++
  }

  #read(name: string): { text: string; holds: MemoryFile | undefined } | undefined {
    const file = this.#path(name)
    const there = fs.lstatSync(file, { throwIfNoEntry: false })
    if (there === undefined) return undefined
    if (!there.isFile()) return { text: '', holds: undefined }
    const text = fs.readFileSync(file, 'utf8')
    try {
      return { text, holds: readMemoryFile(text) }
    } catch {
      return { text, holds: undefined }
    }
  }

  /**
   * By way of another file, so that it is the one or the other. It does not wait for the disk: with thousands of files that takes
   * minutes, and what a power cut leaves empty is refused by whoever reads it.
   */
  #put(name: string, text: string): void {
    const file = this.#path(name)
    const temporary = `${file}.${process.pid}`
    try {
      fs.mkdirSync(path.dirname(file), { recursive: true })
      fs.writeFileSync(temporary, text)
      fs.renameSync(temporary, file)
    } catch (error) {
      fs.rmSync(temporary, { force: true })
      throw fileError(error, file)
    }
    this.result.written++
  }

  #keep(file: string, why: KeptFile['why']): void {
    this.result.kept.push({ file, why })
  }

  #path(name: string): string {
    return path.join(this.result.folder, ...name.split('/'))
  }
}

/** What a file says itself goes before what its place says. */
function defined({
  key,
  namespace,
  ...file
}: MemoryFile): Partial<Named> & Omit<MemoryFile, 'key' | 'namespace'> {
  return { ...file, ...(key !== undefined && { key }), ...(namespace !== undefined && { namespace }) }
}

/** Removes folders in which nothing is left, from the innermost up. */
function removeEmpty(folder: string, top: string): void {
  for (let each = folder; each !== top && fs.readdirSync(each).length === 0; each = path.dirname(each))
    fs.rmdirSync(each)
}
