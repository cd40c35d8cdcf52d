import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import fs from 'node:fs/promises'
import { fileError } from '../util/file-error.ts'
import type { ProgressOptions } from './engine.ts'

/** The SHA-256 of a file that no database has open, in hexadecimal. */
export async function sha256(file: string, onProgress?: ProgressOptions['onProgress']): Promise<string> {
  const hash = createHash('sha256')
  let done = 0
  try {
    const { size } = await fs.stat(file)
    for await (const chunk of createReadStream(file, { highWaterMark: 1024 * 1024 })) {
      hash.update(chunk)
      done += chunk.length
      onProgress?.({ step: 'checksum', fraction: done / size })
    }
  } catch (error) {
    throw fileError(error, file)
  }
  return hash.digest('hex')
}
