import type { Progress } from '../db/engine.ts'
import { isTerminal, writeError } from './print/standard-streams.ts'

const barWidth = 30
const clearLine = '\r\u001b[K'

/** A bar on the standard error that shows how far a long job has come; nothing where no person sees it. */
export class ProgressBar {
  readonly #isShown: boolean
  #line = ''

  constructor(isQuiet: boolean) {
    this.#isShown = !isQuiet && isTerminal(2)
  }

  show({ step, fraction }: Progress): void {
    const full = Math.round(barWidth * fraction)
    const bar = '━'.repeat(full) + ' '.repeat(barWidth - full)
    const line = `${clearLine}${bar} ${Math.round(100 * fraction)}% ${step}`
    if (this.#isShown && line !== this.#line) writeError(line)
    this.#line = line
  }

  /** Takes the bar away, so that what is printed next begins on a clean line. */
  end(): void {
    if (this.#isShown && this.#line !== '') writeError(clearLine)
  }
}
