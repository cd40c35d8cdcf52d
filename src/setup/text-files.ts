import fs from 'node:fs'
import path from 'node:path'
import { Conflict, InvalidInput } from '../errors.ts'
import { fileError, systemCode } from '../util/file-error.ts'

/** The text of a file, or undefined when there is none. InvalidInput when it is no text. */
export function readText(file: string): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(fs.readFileSync(file))
  } catch (error) {
    if (error instanceof TypeError) throw new InvalidInput(`${file} is not UTF-8 text`, { cause: error })
    if (systemCode(error) !== 'ENOENT') throw fileError(error, file)
    if (fs.lstatSync(file, { throwIfNoEntry: false }) === undefined) return undefined
    throw new InvalidInput(`${file} is a symbolic link to nothing`, {
      hint: 'Remove it, or make its target.',
    })
  }
}

/**
 * Puts a text in the place of another, undefined standing for no file, in one step: a program that reads the file sees
 * the one or the other. A symbolic link stays one; the mode stays as it was.
 * @throws Conflict when the file does not hold `before` any more
 */
export function replaceText(file: string, before: string | undefined, after: string | undefined): void {
  if (readText(file) !== before) {
    throw new Conflict(`${file} was changed meanwhile, by another program`, { hint: 'Run it again.' })
  }
  try {
    if (after === undefined) fs.unlinkSync(file)
    else write(before === undefined ? file : fs.realpathSync(file), after)
  } catch (error) {
    throw fileError(error, file)
  }
}

/** Removes a folder if nothing is in it. */
export function removeIfEmpty(folder: string): void {
  try {
    fs.rmdirSync(folder)
  } catch (error) {
    if (!['ENOTEMPTY', 'EEXIST', 'ENOENT'].includes(systemCode(error) ?? '')) throw fileError(error, folder)
  }
}

function write(file: string, text: string): void {
  fs.mkdirSync(path.dirname(file), { recursive: true })
  const old = fs.statSync(file, { throwIfNoEntry: false })
  const temporary = `${file}.${process.pid}.tmp`
  const fd = fs.openSync(temporary, 'wx', old?.mode)
  try {
    if (old !== undefined) keepOwner(fd, old)
    fs.writeFileSync(fd, text)
    fs.fsyncSync(fd)
    fs.renameSync(temporary, file)
  } catch (error) {
    fs.unlinkSync(temporary)
    throw error
  } finally {
    fs.closeSync(fd)
  }
}

function keepOwner(fd: number, old: fs.Stats): void {
  const made = fs.fstatSync(fd)
  if (made.uid !== old.uid || made.gid !== old.gid) fs.fchownSync(fd, old.uid, old.gid)
  // The mode of a new file lacks what the umask takes away.
  fs.fchmodSync(fd, old.mode)
}
