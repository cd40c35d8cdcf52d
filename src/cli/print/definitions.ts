import { displayWidth, pad } from './display-text.ts'

/** Pairs of a name and what it means, the meanings aligned and broken between words at `width` columns. */
export function definitions(
  pairs: readonly (readonly [name: string, meaning: string])[],
  { name: style, width }: { name: (text: string) => string; width: number },
): string[] {
  const column = Math.min(32, Math.max(0, ...pairs.map(([name]) => displayWidth(name))) + 2)
  return pairs.map(([name, meaning]) => {
    const lines = wrap(meaning, width - column - 2)
    const isWide = displayWidth(name) >= column
    const head = isWide ? [`  ${style(name)}`, pad('', column + 2)] : [`  ${style(pad(name, column))}`]
    return `${head.join('\n')}${lines.join(`\n${pad('', column + 2)}`)}`.trimEnd()
  })
}

/** A text in lines of at most `width` columns, unless a single word is longer. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last === undefined || displayWidth(last) + 1 + displayWidth(word) > width) lines.push(word)
    else lines[lines.length - 1] = `${last} ${word}`
  }
  return lines
}
