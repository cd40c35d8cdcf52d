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

/** Whether the whole text matches, as the engine's GLOB has it. Takes time in proportion to the product of lengths. */
export function matchesGlob(glob: string, text: string): boolean {
  const tokens = glob.match(/\[\^?\]?[^\]]*\]|[\s\S]/gu) ?? []
  const characters = [...text]
  let [token, at] = [0, 0]
  let [star, starAt] = [-1, 0]
  while (at < characters.length) {
    if (tokens[token] === '*') {
      star = token++
      starAt = at
    } else if (matchesOne(tokens[token], characters[at] ?? '')) {
      token++
      at++
    } else if (star >= 0) {
      // The last star takes one character more.
      token = star + 1
      at = ++starAt
    } else return false
  }
  while (tokens[token] === '*') token++
  return token === tokens.length
}

function matchesOne(token: string | undefined, character: string): boolean {
  if (token === undefined) return false
  if (token === '?') return true
  return token.length > 1 && token.startsWith('[')
    ? inClass(token.slice(1, -1), character)
    : token === character
}

function inClass(members: string, character: string): boolean {
  const isNegated = members.startsWith('^')
  const found = (isNegated ? members.slice(1) : members).match(/[\s\S]-[\s\S]|[\s\S]/gu) ?? []
  const isMember = found.some(member => {
    const [low = '', , high = low] = [...member]
    return low <= character && character <= high
  })
  return isMember !== isNegated
}
