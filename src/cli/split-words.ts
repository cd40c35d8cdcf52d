import { InvalidInput } from '../errors.ts'

/**
 * Splits a line into words as a POSIX shell does: 'single quotes' keep all as it is, in "double quotes" and
 * outside of quotes a backslash takes the next character as it is. Nothing else is special.
 */
export function splitWords(line: string): string[] {
  const words: string[] = []
  let word: string | undefined
  for (const [piece, single, double, escaped, plain] of line.matchAll(pieces)) {
    const text = single ?? double?.replace(/\\(["\\$`])/g, '$1') ?? escaped ?? plain
    if (text !== undefined) word = (word ?? '') + text
    else if (piece.trim() !== '') throw new InvalidInput(`the quote ${piece} is not closed`)
    else if (word !== undefined) {
      words.push(word)
      word = undefined
    }
  }
  return word === undefined ? words : [...words, word]
}

/** A quoted piece, an escaped character, other characters, space, or a quote that nothing closes. */
const pieces = /'([^']*)'|"((?:\\.|[^"\\])*)"|\\(.)|([^\s'"\\]+)|\s+|['"\\]/gs
