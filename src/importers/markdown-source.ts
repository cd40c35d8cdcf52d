import fs from 'node:fs'
import path from 'node:path'
import { HivewaxError, InvalidInput } from '../errors.ts'
import { extension, nameFromPath } from '../markdown/file-names.ts'
import { isExportFolder, markdownFiles } from '../markdown/folder.ts'
import { readMemoryFile } from '../markdown/memory-file.ts'
import type { Item, Origin, Source } from './source.ts'

/** A folder that an export of memory has made, with what people have changed in it and added to it; else undefined. */
export function openMarkdownFolder(folder: string, origin: Omit<Origin, 'changedAt'>): Source | undefined {
  if (!isExportFolder(folder)) return undefined
  const items = () =>
    markdownFiles(folder).map(name => itemOf(path.join(folder, name), origin, nameFromPath(name)))
  return { file: folder, format: 'Markdown', items, close: () => {} }
}

/** A file of Markdown, which is one record; else undefined. */
export function openMarkdownFile(file: string, origin: Origin): Source | undefined {
  if (!file.endsWith(extension)) return undefined
  const name = { namespace: origin.namespace, key: path.basename(file, extension) }
  return { file, format: 'Markdown', items: () => [itemOf(file, origin, name)], close: () => {} }
}

/** What a file holds: as it was written, or else as whoever imports it has changed it, when the file was changed last. */
function itemOf(
  file: string,
  { now, expired }: Omit<Origin, 'changedAt'>,
  named: { namespace: string; key: string },
): Item {
  const { mtime } = fs.statSync(file)
  const { isEdited, author, expiresAt, ...read } = readFile(file)
  const section = 'records'
  const isExpired = expiresAt !== undefined && expiresAt <= now
  if (isExpired && !expired) return { section, left: 'expired', count: 1 }
  return {
    section,
    record: {
      kind: 'memory',
      namespace: read.namespace ?? named.namespace,
      key: read.key ?? named.key,
      value: read.value,
      metadata: read.metadata,
      createdAt: read.createdAt ?? mtime,
      updatedAt: isEdited ? mtime : (read.updatedAt ?? mtime),
      expiresAt: isExpired ? undefined : expiresAt,
      author: isEdited ? undefined : author,
    },
  }
}

function readFile(file: string) {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(fs.readFileSync(file))
    return readMemoryFile(text)
  } catch (error) {
    const reason = error instanceof HivewaxError ? error.message : 'it is not text'
    throw new InvalidInput(`${file}: ${reason}`, { cause: error })
  }
}
