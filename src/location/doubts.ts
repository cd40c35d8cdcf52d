import fs from 'node:fs'
import path from 'node:path'
import { fileError, systemCode } from '../util/file-error.ts'

/** Why a project is not used before its user has said that it is theirs. */
export interface Doubt {
  /** The root of the project. */
  readonly project: string
  /** What is accepted by trusting it, and no more: what it says tomorrow is another doubt. */
  readonly what: string
  /** One sentence for the user. */
  readonly message: string
}

/**
 * What speaks against using a `.swarm` that was found: as with git, that it belongs to somebody else; and that all users
 * can change it, or that a link in it leads out of the project.
 */
export function folderDoubts(folder: string): Doubt[] {
  const stat = fs.lstatSync(folder, { throwIfNoEntry: false })
  if (stat === undefined) return []
  const project = path.dirname(folder)
  const doubts = entryDoubts({ project, file: folder, mayBeRoots: false })
  if (doubts.length > 0 || !fs.statSync(folder).isDirectory()) return doubts
  try {
    const files = fs.readdirSync(folder).map(name => path.join(folder, name))
    return files.flatMap(file => entryDoubts({ project, file, mayBeRoots: true }))
  } catch (error) {
    throw fileError(error, folder)
  }
}

/** What a file that the configuration names has against it. */
export function targetDoubts(project: string, config: string, url: string): Doubt[] {
  if (isInside(project, url)) return []
  const message = `${config} names ${url}, outside of the project`
  return [{ project, what: `file ${url}`, message }]
}

/** What is looked at: the folder itself, or an entry of it. */
interface Entry {
  readonly project: string
  readonly file: string
  /** Files that the system's own account has left in a folder of ours are harmless; a folder of it is not ours. */
  readonly mayBeRoots: boolean
}

function entryDoubts(entry: Entry): Doubt[] {
  const { project, file } = entry
  const link = fs.lstatSync(file, { throwIfNoEntry: false })
  if (link === undefined) return []
  if (!link.isSymbolicLink()) return statDoubts(entry, link)
  const target = realTarget(file)
  const doubts = ownerDoubts(entry, link)
  if (!isInside(project, target)) {
    const message = `${file} is a link to ${target}, outside of the project`
    doubts.push({ project, what: `link ${path.relative(project, file)} to ${target}`, message })
  }
  const stat = fs.statSync(file, { throwIfNoEntry: false })
  return stat === undefined ? doubts : [...doubts, ...statDoubts(entry, stat)]
}

function statDoubts(entry: Entry, stat: fs.Stats): Doubt[] {
  return [...ownerDoubts(entry, stat), ...modeDoubts(entry, stat)]
}

function ownerDoubts({ project, file, mayBeRoots }: Entry, { uid }: fs.Stats): Doubt[] {
  if (isOurs(uid) || (mayBeRoots && uid === 0)) return []
  const message = `${file} belongs to another user of this machine (${uid})`
  return [{ project, what: `${path.relative(project, file)} of user ${uid}`, message }]
}

/** Windows has no such numbers. What `sudo` runs may use what belongs to who called it, as git has it. */
function isOurs(uid: number): boolean {
  const me = process.geteuid?.()
  return me === undefined || uid === me || (me === 0 && String(uid) === process.env.SUDO_UID)
}

function modeDoubts({ project, file }: Entry, { mode }: fs.Stats): Doubt[] {
  if (process.platform === 'win32' || (mode & 0o002) === 0) return []
  const octal = (mode & 0o7777).toString(8)
  const message = `${file} can be changed by every user of this machine (mode ${octal})`
  return [{ project, what: `${path.relative(project, file)} with mode ${octal}`, message }]
}

/** Whether a path, links followed, lies in a folder. */
export function isInside(folder: string, file: string): boolean {
  const way = path.relative(realTarget(folder), realTarget(file))
  return way !== '..' && !way.startsWith(`..${path.sep}`) && !path.isAbsolute(way)
}

/** Where a path leads in the end: of what is not there yet, where it would be made. */
export function realTarget(file: string): string {
  try {
    return fs.realpathSync(file)
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw fileError(error, file)
  }
  const link = fs.lstatSync(file, { throwIfNoEntry: false })
  const folder = realTarget(path.dirname(file))
  if (link?.isSymbolicLink()) return realTarget(path.resolve(folder, fs.readlinkSync(file)))
  return path.join(folder, path.basename(file))
}
