import fs from 'node:fs'
import { devNull } from 'node:os'
import { fileError } from '../../util/file-error.ts'

const stdout = 1
const stderr = 2

const exit = (): void => process.exit(0)

let onReaderGone = exit

/**
 * Writes data to the standard output, at once and whole. Not through `process.stdout`, since loading Node's
 * streams takes longer than reading a value from the store.
 */
export function writeOut(text: string): void {
  write(stdout, text)
}

/** Writes a message, a question or progress to the standard error. */
export function writeError(text: string): void {
  write(stderr, text)
}

/**
 * Ends a command in a way of its own when the reader of its output has gone, as `head` does when it has seen enough;
 * else the process ends at once. May be called several times. Returns how to undo it.
 */
export function whenReaderGoes(end: () => void): () => void {
  onReaderGone = end
  return () => {
    onReaderGone = exit
  }
}

/** Whether a person sees what is written: the standard output (1) or error (2) is a terminal. */
export function isTerminal(fd: 1 | 2): boolean {
  // The first test saves loading the streams only to hear "no": files, pipes and /dev/null are no terminals.
  return isDevice(fd) && (fd === stdout ? process.stdout : process.stderr).isTTY === true
}

function isDevice(fd: number): boolean {
  try {
    const stat = fs.fstatSync(fd)
    return stat.isCharacterDevice() && stat.rdev !== fs.statSync(devNull, { throwIfNoEntry: false })?.rdev
  } catch {
    return false // closed by the parent process
  }
}

function write(fd: number, text: string): void {
  const bytes = Buffer.from(text)
  try {
    for (let done = 0; done < bytes.length; ) done += writeSome(fd, bytes.subarray(done))
  } catch (error) {
    if (codeOf(error) !== 'EPIPE') throw streamError(error, fd)
    // No stream is left to report it to.
    onReaderGone()
  }
}

/** Writes what the pipe takes. Another process may have made it non-blocking: then wait until it is read. */
function writeSome(fd: number, bytes: Uint8Array): number {
  try {
    return fs.writeSync(fd, bytes)
  } catch (error) {
    if (codeOf(error) !== 'EAGAIN') throw error
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1)
    return 0
  }
}

/** A full disk behind `>`, say, which is nothing that should not happen. */
function streamError(error: unknown, fd: number): unknown {
  const name = fd === stdout ? 'the standard output' : 'the standard error'
  return fileError(error, name)
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
