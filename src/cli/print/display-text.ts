/** How wide a text is on a terminal, in columns: East Asian letters and emoji take two, accents none. */
export function displayWidth(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length
  let width = 0
  for (const character of text) width += columns(character)
  return width
}

/** The text cut to a width in columns, the last of which is `…` when something is missing. */
export function truncate(text: string, width: number): string {
  if (displayWidth(text) <= width) return text
  let cut = ''
  let used = 1
  for (const character of text) {
    used += displayWidth(character)
    if (used > width) break
    cut += character
  }
  return `${cut}…`
}

/** The text with spaces up to a width in columns. */
export function pad(text: string, width: number, side: 'left' | 'right' = 'right'): string {
  const space = ' '.repeat(Math.max(0, width - displayWidth(text)))
  return side === 'right' ? text + space : space + text
}

/** Text on one line, for people: `⏎` stands for a line end. */
export function oneLine(text: string): string {
  return text.replace(/\r?\n/g, '⏎').replaceAll('\t', ' ')
}

/** Text as a field of a tab-separated line; `\\n`, `\\t` and `\\\\` stand for what would break it. */
export function tabField(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\t', '\\t').replaceAll('\r', '\\r')
}

type Range = readonly [from: number, to: number]

/** East Asian letters and signs, and emoji. By numbers, since Unicode classes take a regular expression 5 ms to load. */
const wide: readonly Range[] = [
  [0x1100, 0x115f],
  [0x231a, 0x231b],
  [0x23e9, 0x23ec],
  [0x2705, 0x2705],
  [0x2728, 0x2728],
  [0x274c, 0x274c],
  [0x2753, 0x2757],
  [0x2b50, 0x2b55],
  [0x2e80, 0xa4cf],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x1f300, 0x1faff],
  [0x20000, 0x3fffd],
]

/** Accents and joiners, which stand on the letter before them. */
const narrow: readonly Range[] = [
  [0x300, 0x36f],
  [0x483, 0x489],
  [0x591, 0x5bd],
  [0x610, 0x61a],
  [0x64b, 0x65f],
  [0x200b, 0x200f],
  [0x20d0, 0x20ff],
  [0xfe00, 0xfe0f],
  [0xfe20, 0xfe2f],
  [0xfeff, 0xfeff],
]

function columns(character: string): number {
  const code = character.codePointAt(0) ?? 0
  const isIn = (ranges: readonly Range[]) => ranges.some(([from, to]) => from <= code && code <= to)
  return isIn(narrow) ? 0 : isIn(wide) ? 2 : 1
}
