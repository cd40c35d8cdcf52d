import { styleText } from 'node:util'

/** Colours and the like. `styleText` leaves them out where the output is no terminal, and for NO_COLOR. */
export const style = {
  title: (text: string) => styleText('bold', text),
  dim: (text: string) => styleText('dim', text),
  good: (text: string) => styleText('green', text),
  bad: (text: string) => styleText('red', text),
  agent: (text: string) => styleText('cyan', text),
  bar: (text: string) => styleText('yellow', text),
}

/** How wide a line may be, in characters: as the terminal, within what can be read and what holds a table. */
export function columns(): number {
  return Math.max(60, Math.min(100, process.stdout.columns || 100))
}

/** Text from elsewhere, such as a file's name, without the characters by which it could move the cursor. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\u{fffd}')
}

/** A part of a whole as a bar, in eighths of a character. Something is never shown as nothing. */
export function bar(part: number, whole: number, width: number): string {
  if (part <= 0 || whole <= 0) return ' '.repeat(width)
  const eighths = Math.max(1, Math.round((part / whole) * width * 8))
  const full = '█'.repeat(Math.floor(eighths / 8))
  const rest = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'][eighths % 8] ?? ''
  return (full + rest).padEnd(width)
}

export function count(value: number, one: string, many = `${one}s`): string {
  return `${number(value)} ${value === 1 ? one : many}`
}

export function number(value: number): string {
  return value.toLocaleString('en')
}

/** Milliseconds as people read them: `0.42 ms`, `310 ms`, `2.1 s`. */
export function duration(ms: number): string {
  if (ms >= 995) return `${(ms / 1000).toFixed(1)} s`
  return `${ms < 10 ? ms.toFixed(2) : ms.toFixed(0)} ms`
}

/** How long ago something was, roughly. */
export function ago(ms: number): string {
  const units = [
    ['day', 86_400_000],
    ['hour', 3_600_000],
    ['minute', 60_000],
    ['second', 1_000],
  ] as const
  const [unit, size] = units.find(([, size]) => ms >= size) ?? ['second', 1_000]
  return `${count(Math.max(1, Math.round(ms / size)), unit)} ago`
}

/** Text of exactly this width: padded, or shortened in the middle, where paths differ least. */
export function cell(text: string, width: number): string {
  const shown = [...printable(text)]
  if (shown.length <= width) return shown.join('') + ' '.repeat(width - shown.length)
  const end = Math.ceil((width - 1) / 2)
  return [...shown.slice(0, width - 1 - end), '…', ...shown.slice(shown.length - end)].join('')
}

/** Text of at most this width. */
export function clip(text: string, width: number): string {
  const shown = [...printable(text)]
  return shown.length <= width ? shown.join('') : `${shown.slice(0, width - 1).join('')}…`
}

/**
 * Prints lines that stay, and below them one that is drawn again and again. Where the output is no terminal, only
 * the lines that stay are printed.
 */
export class Screen {
  readonly #startMs = performance.now()
  #live = ''

  /** A line that stays, with the time since the start before it. */
  print(text: string): void {
    this.#erase()
    const seconds = ((performance.now() - this.#startMs) / 1000).toFixed(1).padStart(5)
    process.stdout.write(`${style.dim(`${seconds}s`)}  ${text}\n`)
    this.#draw()
  }

  /** Replaces the line at the bottom, cut to the terminal: a longer one could not be erased. */
  live(text: string): void {
    this.#erase()
    this.#live = clip(text, (process.stdout.columns || 80) - 1)
    this.#draw()
  }

  /** Takes the line at the bottom away. */
  close(): void {
    this.#erase()
    this.#live = ''
  }

  #draw(): void {
    if (process.stdout.isTTY && this.#live !== '') process.stdout.write(this.#live)
  }

  #erase(): void {
    if (process.stdout.isTTY && this.#live !== '') process.stdout.write('\r\u001b[2K')
  }
}
