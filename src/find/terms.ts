import { stem } from './stem.ts'
import { stopWords } from './stop-words.ts'

/** A part of a text that can be found by itself, where it begins, and the term that it is found by. */
export interface Piece {
  readonly text: string
  readonly at: number
  readonly term: string
}

const word = /[\p{L}\p{M}\p{N}]+/gu

/** Scripts without spaces between words. */
const dense = '\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Hangul}'
const run = new RegExp(`[${dense}]+|[^${dense}]+`, 'gu')
const isDense = new RegExp(`^[${dense}]`, 'u')
const oneDense = new RegExp(`^[${dense}]$`, 'u')

const hump = /\p{Ll}\p{Lu}|\p{Lu}{2}\p{Ll}/u
const part = /\p{Lu}+(?!\p{Ll})|\p{Lu}?[^\p{Lu}]+/gu

/** What is longer is not a word; its beginning is enough to find it by. */
const maxLength = 128

/** How many words of a search count. */
const maxTerms = 32

/** The terms of a text, with a space between, for the index. */
export function textTerms(text: string): string {
  return words(text).flatMap(wordTerms).join(' ')
}

/**
 * The terms to search for. Words that are in every text are left out unless there are no others, and so are
 * single characters of Chinese, Japanese and Korean, which are found by pairs. At most 32.
 */
export function queryTerms(text: string): string[] {
  const pieces = words(text).flatMap(piecesOf)
  const distinctive = pieces.filter(({ text }) => !stopWords.has(text.toLowerCase()) && !oneDense.test(text))
  const terms = (distinctive.length > 0 ? distinctive : pieces).map(({ term }) => term)
  return [...new Set(terms)].slice(0, maxTerms)
}

/** Where a text holds any of these terms, in order; pieces may overlap. */
export function* matches(text: string, terms: ReadonlySet<string>): Generator<Piece> {
  for (const { 0: found, index } of text.matchAll(word)) {
    if (!wordTerms(found).some(term => terms.has(term))) continue
    for (const piece of piecesOf(found)) if (terms.has(piece.term)) yield { ...piece, at: index + piece.at }
  }
}

/** A name as one term, whatever characters it has. */
export function scopeTerm(name: string): string {
  return Buffer.from(name).toString('hex')
}

function words(text: string): string[] {
  return text.match(word) ?? []
}

/** Texts repeat their words: of 115,000 in the documentation of packages 11,000 were different. */
const known = new Map<string, readonly string[]>()
const maxKnown = 20_000

function wordTerms(found: string): readonly string[] {
  const remembered = known.get(found)
  if (remembered !== undefined) return remembered
  const terms = isPlain(found) ? [stem(found)] : piecesOf(found).map(({ term }) => term)
  if (found.length > maxLength) return terms
  if (known.size >= maxKnown) known.clear()
  known.set(found, terms)
  return terms
}

/** The word itself, and the parts of one in `camelCase`; of a dense script every character and pair. */
function piecesOf(found: string): Piece[] {
  const runs = isAscii(found) ? [{ 0: found, index: 0 }] : found.matchAll(run)
  const pieces = [...runs].flatMap(({ 0: text, index }) =>
    isDense.test(text) ? charactersAndPairs(text, index) : wholeAndParts(text, index),
  )
  return pieces.map(piece => ({ ...piece, term: stem(fold(piece.text)) })).filter(({ term }) => term !== '')
}

function wholeAndParts(text: string, at: number): Omit<Piece, 'term'>[] {
  const whole = text.slice(0, maxLength)
  const parts = hump.test(whole) ? [...whole.matchAll(part)] : []
  return [{ text: whole, at }, ...parts.map(({ 0: text, index }) => ({ text, at: at + index }))]
}

function charactersAndPairs(text: string, at: number): Omit<Piece, 'term'>[] {
  const characters = [...text]
  return characters.flatMap((character, i) => {
    const next = characters[i + 1]
    const start = at
    at += character.length
    return next === undefined
      ? [{ text: character, at: start }]
      : [
          { text: character, at: start },
          { text: character + next, at: start },
        ]
  })
}

/** Lower case, one form of compatible characters, and no accents. */
function fold(text: string): string {
  if (isAscii(text)) return text.toLowerCase()
  const plain = text
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .normalize('NFC')
  return plain.replace(/[^\p{L}\p{M}\p{N}]/gu, '').toLowerCase()
}

/** A word of which nothing but the stem can be taken: most are. */
function isPlain(found: string): boolean {
  return found.length <= maxLength && /^[a-z\d]*$/.test(found)
}

/** Of a word, which has letters, marks and digits only. */
function isAscii(word: string): boolean {
  return /^\w*$/.test(word)
}
