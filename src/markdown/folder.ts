import fs from 'node:fs'
import path from 'node:path'
import { InvalidInput, NotFound } from '../errors.ts'
import { fileError } from '../util/file-error.ts'
import { extension, markerName } from './file-names.ts'

/** What the marker says to whoever comes across the folder. */
const marker = 'Memory that hivewax has written, a file for each record. See `hivewax export --help`.\n'

/** Whether a folder is one that an export has made. */
export function isExportFolder(folder: string): boolean {
  return fs.lstatSync(path.join(folder, markerName), { throwIfNoEntry: false })?.isFile() ?? false
}

/**
 * Makes the folder of an export, whose parent has to be there.
 * @throws InvalidInput when there is something else in its place, NotFound when there is no parent
 */
export function prepareFolder(folder: string): void {
  if (isExportFolder(folder)) return
  const there = fs.statSync(folder, { throwIfNoEntry: false })
  if (there !== undefined && !(there.isDirectory() && fs.readdirSync(folder).length === 0))
    throw new InvalidInput(`${folder} is not an export of memory, and stays as it is`, {
      hint: 'Choose a folder that is empty, or not there yet.',
    })
  const parent = path.dirname(folder)
  if (!fs.existsSync(parent))
    throw new NotFound(`there is no folder ${parent} to make ${path.basename(folder)} in`)
  try {
    if (there === undefined) fs.mkdirSync(folder)
    fs.writeFileSync(path.join(folder, markerName), marker)
  } catch (error) {
    throw fileError(error, folder)
  }
}

/** The Markdown files of a folder and of those in it, by path, with `/` between its parts. Links and what is hidden are passed over. */
export function markdownFiles(folder: string, within = ''): string[] {
  const entries = fs.readdirSync(path.join(folder, within), { withFileTypes: true })
  const seen = entries.filter(({ name }) => !name.startsWith('.')).sort((a, b) => (a.name < b.name ? -1 : 1))
  return seen.flatMap(entry => {
    const name = within === '' ? entry.name : `${within}/${entry.name}`
    if (entry.isDirectory()) return markdownFiles(folder, name)
    return entry.isFile() && name.endsWith(extension) ? [name] : []
  })
}
