import { isTerminal } from './output.ts'

/** Styles for one stream; each gives the text back as it is when colours are off. */
export interface Colours {
  bold(text: string): string
  dim(text: string): string
  red(text: string): string
  green(text: string): string
  yellow(text: string): string
  cyan(text: string): string
}

const codes = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
} as const

/**
 * The styles for the standard output (1) or error (2). Without `--color` or `--no-color` the environment decides:
 * NO_COLOR, then FORCE_COLOR, then TERM=dumb; then whether it is a terminal.
 */
export function colours(fd: 1 | 2, flag: boolean | undefined, env = process.env): Colours {
  const isOn = flag ?? asked(env) ?? isTerminal(fd)
  const style = ([on, off]: readonly [number, number]) => {
    return (text: string) => (isOn ? `\u001b[${on}m${text}\u001b[${off}m` : text)
  }
  return {
    bold: style(codes.bold),
    dim: style(codes.dim),
    red: style(codes.red),
    green: style(codes.green),
    yellow: style(codes.yellow),
    cyan: style(codes.cyan),
  }
}

function asked(env: NodeJS.ProcessEnv): boolean | undefined {
  if (env.NO_COLOR) return false
  if (env.FORCE_COLOR) return env.FORCE_COLOR !== '0'
  return env.TERM === 'dumb' ? false : undefined
}
