import { matches, type Piece } from './terms.ts'

/** How much text a snippet shows, in characters, and how much of it before the first match. */
const width = 160
const lead = 40

/** What counts for the choice of the best place; a text of nothing but matches must not take for ever. */
const maxMatches = 50

/**
 * The place of a record's text with the most of the terms, on one line: matches between « and », `…` where
 * text was left out. Shows the title when only that has matches, and the beginning of the text when nothing
 * has.
 */
export function snippet(title: string, text: string, terms: ReadonlySet<string>): string {
  const body = oneLine(text)
  const inBody = firstMatches(body, terms)
  if (inBody.length > 0) return cut(body, inBody)
  const all = oneLine(body === '' ? title : `${title}: ${body}`)
  return cut(all, firstMatches(all, terms))
}

function oneLine(text: string): string {
  return text.replace(/[\s\p{Cc}]+/gu, ' ').trim()
}

function firstMatches(text: string, terms: ReadonlySet<string>): Piece[] {
  const found: Piece[] = []
  for (const match of matches(text, terms)) if (found.push(match) === maxMatches) break
  return found
}

function cut(text: string, found: readonly Piece[]): string {
  const best = bestStart(found)
  const from = text.length <= width || best <= lead ? 0 : wordStart(text, best - lead, best)
  const to = text.length <= from + width ? text.length : wordEnd(text, from + width)
  const shown = marked(text, { from, to }, found)
  return `${from > 0 ? '…' : ''}${shown}${to < text.length ? '…' : ''}`
}

/** Where the window begins that holds most different terms; the first of equals. */
function bestStart(found: readonly Piece[]): number {
  let best = { at: 0, count: 0 }
  found.forEach(({ at }, i) => {
    const inWindow = found.slice(i).filter(match => match.at + match.text.length <= at + width - lead)
    const count = new Set(inWindow.map(match => match.term)).size
    if (count > best.count) best = { at, count }
  })
  return best.at
}

/** The first beginning of a word from `at` on, at most at `limit`. */
function wordStart(text: string, at: number, limit: number): number {
  const space = text.indexOf(' ', at)
  return space === -1 || space >= limit ? limit : space + 1
}

/** The last end of a word before `at`; in a long word, `at` itself, but not within a character. */
function wordEnd(text: string, at: number): number {
  const space = text.lastIndexOf(' ', at)
  if (space > at - lead) return space
  return /[\udc00-\udfff]/.test(text.charAt(at)) ? at - 1 : at
}

/** The part of a text that a snippet shows. */
interface Window {
  readonly from: number
  readonly to: number
}

function marked(text: string, { from, to }: Window, found: readonly Piece[]): string {
  let shown = ''
  let done = from
  for (const [start, end] of joined(found)) {
    if (start < from || end > to) continue
    shown += `${text.slice(done, start)}«${text.slice(start, end)}»`
    done = end
  }
  return shown + text.slice(done, to)
}

/** The ranges of the matches, those that touch made one. */
function joined(found: readonly Piece[]): [start: number, end: number][] {
  const ranges: [number, number][] = []
  for (const { at, text } of found) {
    const last = ranges.at(-1)
    if (last !== undefined && at <= last[1]) last[1] = Math.max(last[1], at + text.length)
    else ranges.push([at, at + text.length])
  }
  return ranges
}
