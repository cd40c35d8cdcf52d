import fs from 'node:fs/promises'
import { fileError } from '../../../util/file-error.ts'
import { type FileHeader, headerBytes, parseHeader } from '../../sqlite/file-header.ts'
import type { JobContext } from './job.ts'

/**
 * What a file says of itself, without the log that may lie beside it; undefined for one that is no database. Only for a
 * process of its own, since it opens the file.
 */
export async function identify(_input: undefined, { file }: JobContext): Promise<FileHeader | undefined> {
  try {
    await using handle = await fs.open(file, 'r')
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(headerBytes), 0, headerBytes, 0)
    return parseHeader(buffer.subarray(0, bytesRead))
  } catch (error) {
    throw fileError(error, file)
  }
}
