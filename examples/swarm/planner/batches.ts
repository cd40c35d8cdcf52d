import path from 'node:path'
import type { FoundFile } from './scan.ts'

/** Files that one worker measures at a time. */
export interface Batch {
  /** Where they are, for people. */
  folder: string
  files: string[]
  bytes: number
}

/** A folder with fewer files shares a batch with the next one. */
const minFiles = 6
const maxFiles = 40

/** Divides files, which come by path, into batches: roughly one for each folder. The largest come first. */
export function batches(files: readonly FoundFile[]): Batch[] {
  const found: FoundFile[][] = []
  for (const file of files) {
    const batch = found.at(-1)
    if (batch === undefined || isFull(batch, file)) found.push([file])
    else batch.push(file)
  }
  return found.map(toBatch).sort((a, b) => b.bytes - a.bytes)
}

function isFull(batch: readonly FoundFile[], next: FoundFile): boolean {
  const last = batch.at(-1)
  const isSameFolder = last !== undefined && folderOf(last) === folderOf(next)
  return batch.length >= (isSameFolder ? maxFiles : minFiles)
}

function toBatch(files: readonly FoundFile[]): Batch {
  const folders = [...new Set(files.map(folderOf))]
  const [first = '', last = first] = [folders[0], folders.at(-1)]
  return {
    folder: folders.length === 1 ? first : `${first} … ${last}`,
    files: files.map(file => file.path),
    bytes: files.reduce((sum, file) => sum + file.bytes, 0),
  }
}

function folderOf(file: FoundFile): string {
  return `${path.posix.dirname(file.path)}/`
}
