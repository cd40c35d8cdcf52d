import { InvalidInput } from '../errors.ts'
import { checkGlob } from '../util/glob.ts'
import { automatonOf } from './automaton.ts'

/** How many globs one call may name. */
const maxGlobs = 100

/** The globs of a call, each in its one spelling and once. */
export function checkGlobs(what: string, globs: unknown): string[] {
  if (!Array.isArray(globs) || globs.length === 0 || globs.length > maxGlobs)
    throw new InvalidInput(`${what} must be an array of 1 to ${maxGlobs} globs, such as ["src/**"]`)
  return [...new Set(globs.map(checkPathGlob))]
}

/**
 * A glob of paths below the folder of the project, in its one spelling: `./src//a/` is `src/a/**`, and the folder itself is `**`.
 * @throws InvalidInput for what leads out of it
 */
function checkPathGlob(glob: unknown): string {
  const text = checkGlob(glob).normalize('NFC')
  const segments = text.split('/').filter(segment => segment !== '' && segment !== '.')
  if (/^\/|^[a-z]:/i.test(text) || segments.includes('..') || text.includes('\\')) {
    throw new InvalidInput(`${JSON.stringify(text)} is no path below the folder of the project`, {
      hint: 'Write it from there on, with / between folders: src/mcp/** or README.md.',
    })
  }
  if (text.endsWith('/')) segments.push('**')
  const normal = segments.join('/') || '**'
  automatonOf(normal)
  return normal
}

/** Whether files are told apart by case here: not on macOS and Windows, where a name in any case is the same file. */
const isCaseless = process.platform === 'darwin' || process.platform === 'win32'

/** A glob as it is compared with others. */
export function comparable(glob: string): string {
  return isCaseless ? glob.toLowerCase() : glob
}
