import { InvalidInput } from '../errors.ts'

/** Bounds what a pattern can cost: matching takes time in proportion to its length times the key's. */
const maxGlobLength = 256

/** Refuses what is no glob that we run. Patterns go to the engine's matcher, never into a RegExp. */
export function checkGlob(glob: unknown): string {
  if (typeof glob !== 'string' || glob.length === 0)
    throw new InvalidInput('the pattern must be a string such as "user_*"')
  if (glob.length > maxGlobLength) {
    throw new InvalidInput(`the pattern has ${glob.length} characters; the limit is ${maxGlobLength}`)
  }
  if (!glob.isWellFormed() || glob.includes('\0'))
    throw new InvalidInput('the pattern holds a character no key can have')
  return glob
}

/** What every match begins with: the text before the first wildcard. Narrows a search to a range of the index. */
export function literalPrefix(glob: string): string {
  return glob.slice(0, glob.search(/[*?[]|$/))
}
