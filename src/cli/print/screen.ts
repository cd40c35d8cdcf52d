import { writeOut } from './standard-streams.ts'

const enter = '\u001b[?1049h\u001b[?25l'
const leave = '\u001b[?25h\u001b[?1049l'

/** What ends a program without asking it. */
const deadly = ['SIGTERM', 'SIGHUP'] as const

/**
 * The whole terminal, to draw on again and again; what was on it before comes back at the end, however the program
 * ends, except by SIGKILL.
 */
export class Screen {
  #isOpen = false
  #lines: readonly string[] = []

  open(): void {
    process.on('exit', this.close)
    for (const signal of deadly) process.once(signal, this.#die)
    process.on('SIGTSTP', this.#suspend)
    process.on('SIGCONT', this.#resume)
    this.#isOpen = true
    writeOut(enter)
  }

  readonly close = (): void => {
    if (!this.#isOpen) return
    this.#isOpen = false
    process.off('exit', this.close)
    for (const signal of deadly) process.off(signal, this.#die)
    process.off('SIGTSTP', this.#suspend)
    process.off('SIGCONT', this.#resume)
    writeOut(leave)
  }

  /** In one write, each line over the one before it: nothing flickers. Lines must be narrower than the terminal. */
  draw(lines: readonly string[]): void {
    this.#lines = lines
    if (this.#isOpen) writeOut(`\u001b[H${lines.map(line => `${line}\u001b[K`).join('\r\n')}\u001b[J`)
  }

  readonly #die = (signal: NodeJS.Signals): void => {
    this.close()
    process.kill(process.pid, signal)
  }

  /** On Ctrl-Z the shell gets the terminal as it was. */
  readonly #suspend = (): void => {
    writeOut(leave)
    process.kill(process.pid, 'SIGSTOP')
  }

  readonly #resume = (): void => {
    writeOut(enter)
    this.draw(this.#lines)
  }
}
