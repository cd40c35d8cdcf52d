import path from 'node:path'
import { InvalidInput, NotFound } from '../../errors.ts'
import type { MemoryRecord } from '../../kv/record.ts'
import type { Memory } from '../../memory.ts'
import type { Transaction } from '../../transaction.ts'
import { scan } from '../records.ts'

export const root = '/memories'

/** A folder without a single file is kept as a record whose key ends with a slash. */
const emptyFolder = (folder: string) => `${folder.slice(root.length + 1)}/`

/** What a path is at this moment. */
export type Entry = { kind: 'file'; record: MemoryRecord } | { kind: 'folder' } | undefined

/** Files under `/memories` as records of one namespace: the key is the path below the root. */
export class Folder {
  readonly memory: Memory | Transaction
  readonly namespace: string

  constructor(memory: Memory | Transaction, namespace: string) {
    this.memory = memory
    this.namespace = namespace
  }

  /**
   * The absolute path that the model means.
   * @throws InvalidInput when it leads out of the root or through a file
   */
  async resolve(given: string): Promise<string> {
    const full = absolute(given)
    let parent = path.posix.dirname(full)
    while (parent.length > root.length) {
      if (await this.file(parent)) throw new InvalidInput(`ENOTDIR: not a directory, realpath '${full}'`)
      parent = path.posix.dirname(parent)
    }
    return full
  }

  async entry(full: string): Promise<Entry> {
    if (full === root) return { kind: 'folder' }
    const record = await this.file(full)
    if (record !== undefined) return { kind: 'file', record }
    return (await this.holdsAnything(full)) ? { kind: 'folder' } : undefined
  }

  /** @throws NotFound and InvalidInput as the model knows them, naming the path as it was given */
  async existingFile(given: string): Promise<MemoryRecord> {
    const entry = await this.entry(await this.resolve(given))
    if (entry === undefined) throw missing(given)
    if (entry.kind === 'folder') throw new InvalidInput(`The path ${given} is not a file.`)
    return entry.record
  }

  file(full: string): Promise<MemoryRecord | undefined> {
    return this.memory.kv.get(keyOf(full), { namespace: this.namespace })
  }

  /** Every record below a folder, the mark of an empty one included. */
  below(folder: string): AsyncGenerator<MemoryRecord, void, undefined> {
    return scan(this.memory, this.namespace, { prefix: folder === root ? '' : `${keyOf(folder)}/` })
  }

  async holdsAnything(folder: string): Promise<boolean> {
    const { done } = await this.below(folder).next()
    return !done
  }

  /**
   * Stores a file, new or in place of one that was read.
   * @throws Conflict when another process has written it meanwhile
   */
  async write(key: string, text: string, former?: MemoryRecord): Promise<void> {
    const { metadata, expiresAt, revision: expectedRevision = 0 } = former ?? {}
    // As a file would hold it: UTF-8 has no lone surrogates.
    const value = text.toWellFormed()
    const { namespace } = this
    await this.memory.kv.store(key, value, { namespace, metadata, expiresAt, expectedRevision })
  }

  async move({ key, value, metadata, expiresAt, revision }: MemoryRecord, to: string): Promise<void> {
    const { namespace } = this
    // Written once more, so that a change since it was read is noticed and none can come before the deletion.
    await this.memory.kv.store(key, value, { namespace, metadata, expiresAt, expectedRevision: revision })
    await this.memory.kv.store(to, value, { namespace, metadata, expiresAt, expectedRevision: 0 })
    await this.remove(key)
  }

  async remove(key: string): Promise<void> {
    await this.memory.kv.delete(key, { namespace: this.namespace })
  }

  /** Keeps a folder alive that its last file has left. */
  async keep(folder: string): Promise<void> {
    if (folder === root || (await this.holdsAnything(folder))) return
    await this.memory.kv.store(emptyFolder(folder), null, { namespace: this.namespace })
  }
}

export function keyOf(full: string): string {
  return full.slice(root.length + 1)
}

export function missing(given: string): NotFound {
  return new NotFound(`The path ${given} does not exist. Please provide a valid path.`)
}

/** The text of a file; what another program stored under its key as JSON is shown as such. */
export function contentOf({ value }: MemoryRecord): string {
  return typeof value === 'string' ? value : JSON.stringify(value, undefined, 2)
}

function absolute(given: string): string {
  if (!given.startsWith(root)) throw new InvalidInput(`Path must start with /memories, got: ${given}`)
  // Above the root is a folder that no path can name, so that none leads out and in again.
  const base = `/\0${root}`
  const full = path.posix.resolve(path.posix.join(base, given.slice(root.length))).slice(2)
  if (full === root || full.startsWith(`${root}/`)) return full
  throw new InvalidInput(`Path ${given} would escape /memories directory`)
}
