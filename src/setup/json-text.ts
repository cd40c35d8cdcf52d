/** Where things are in the text of JSON with comments. Offsets are indexes of the text. */

const between = /(?:\s|\/\/[^\n]*|\/\*[\s\S]*?\*\/)*/y
const sameLine = /(?:[^\S\r\n]|\/\*[^\r\n]*?\*\/|\/\/[^\r\n]*)*/y

/** The offset behind the comma that follows a value, or undefined when none does. */
export function afterComma(text: string, end: number): number | undefined {
  const next = skip(between, text, end)
  return text[next] === ',' ? next + 1 : undefined
}

/** The end of the line when only comments are left in it, else `offset` itself. */
export function restOfLine(text: string, offset: number): number {
  const end = skip(sameLine, text, offset)
  return end === text.length || /[\r\n]/.test(text[end] ?? '') ? end : offset
}

/** Where the line break begins that only blanks part from `offset`, or undefined when something else stands there. */
export function lineBreakBefore(text: string, offset: number): number | undefined {
  const [found] = /\r?\n[^\S\r\n]*$/.exec(text.slice(0, offset)) ?? []
  return found === undefined ? undefined : offset - found.length
}

/** The blanks that the line of `offset` begins with. */
export function indentAt(text: string, offset: number): string {
  const line = text.slice(text.lastIndexOf('\n', offset - 1) + 1, offset)
  return /^[ \t]*/.exec(line)?.[0] ?? ''
}

/** By how much a text indents: as its first indented line does. */
export function firstIndent(text: string): string {
  return /\n([ \t]+)\S/.exec(text)?.[1] ?? '  '
}

/** The line break of a text: that of its first line. */
export function lineBreakOf(text: string): string {
  return /\r?\n/.exec(text)?.[0] ?? '\n'
}

function skip(pattern: RegExp, text: string, offset: number): number {
  pattern.lastIndex = offset
  pattern.test(text)
  return pattern.lastIndex
}
