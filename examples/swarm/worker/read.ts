import fs from 'node:fs/promises'
import { hashOf, type Measurement, measure } from '../analyse.ts'

/** Larger files are only weighed, not read. */
const maxReadBytes = 2 * 1024 * 1024

/** A file that was read: its hash shows whether there is anything to measure. */
export interface ReadFile {
  hash: string
  measure(): Measurement
}

export async function readFile(file: string): Promise<ReadFile> {
  const { size, mtimeMs } = await fs.stat(file)
  if (size > maxReadBytes) return weigh(size, mtimeMs)
  const content = await fs.readFile(file)
  return { hash: hashOf(content), measure: () => measure(file, content) }
}

/** Of a huge file, size and time stand for the content. */
function weigh(bytes: number, mtimeMs: number): ReadFile {
  const hash = `${bytes}-${mtimeMs}`
  const measurement = { language: 'huge', bytes, lines: 0, hash, imports: [], markers: 0, strategy: 'weigh' }
  return { hash, measure: () => measurement }
}
