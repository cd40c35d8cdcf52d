import { styleText } from 'node:util'
import { visible } from '../../util/visible.ts'
import { isTerminal } from './standard-streams.ts'

/** Styles for one stream; each gives the text back as it is when colours are off. */
export interface Colours {
  bold(text: string): string
  dim(text: string): string
  red(text: string): string
  green(text: string): string
  yellow(text: string): string
  cyan(text: string): string
}

/**
 * The styles for the standard output (1) or error (2). Without `--color` or `--no-color` the environment decides:
 * NO_COLOR, then FORCE_COLOR, then TERM=dumb; then whether it is a terminal.
 */
export function colours(fd: 1 | 2, flag: boolean | undefined, env = process.env): Colours {
  const isOn = flag ?? asked(env) ?? isTerminal(fd)
  // Whether to colour is decided here: Node.js would let FORCE_COLOR win over NO_COLOR.
  const style = (format: keyof Colours) => (text: string) =>
    isOn ? styleText(format, text, { validateStream: false }) : text
  return {
    bold: style('bold'),
    dim: style('dim'),
    red: style('red'),
    green: style('green'),
    yellow: style('yellow'),
    cyan: style('cyan'),
  }
}

function asked(env: NodeJS.ProcessEnv): boolean | undefined {
  if (env.NO_COLOR) return false
  if (env.FORCE_COLOR) return env.FORCE_COLOR !== '0'
  return env.TERM === 'dumb' ? false : undefined
}

/** What the styles above are made of. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this is about
const styles = /(\x1b\[(?:1|2|22|31|32|33|36|39)m)/

/** Text with our styles in it: all else is made visible. */
export function visibleStyled(text: string): string {
  const parts = text.split(styles)
  return parts.map((part, i) => (i % 2 === 1 ? part : visible(part))).join('')
}
