import { DiskFull, Storage } from '../errors.ts'

/** What the file system answered, as one of our errors that names the file; any other error as it is. */
export function fileError(error: unknown, file: string): unknown {
  const code = systemCode(error)
  if (code === undefined) return error
  const options = { cause: error, details: { file } }
  const message = `cannot use ${file}: ${error instanceof Error ? error.message : error}`
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new DiskFull(message, { ...options, hint: 'Free some space, then try again.' })
  }
  return new Storage(message, {
    ...options,
    hint: 'Check that the folder exists, that it is a folder, and that you may write to it.',
  })
}

/** The code of a failed system call (`ENOENT` …), or undefined for any other error. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && 'syscall' in error ? String(error.code) : undefined
}
