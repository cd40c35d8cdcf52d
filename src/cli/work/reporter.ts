import type { ClaimedTask } from '../../tasks/task.ts'
import type { WorkSummary } from '../../tasks/work-options.ts'
import { visible } from '../../util/visible.ts'
import type { Cli } from '../cli.ts'
import { oneLine, pad, tabField } from '../print/display-text.ts'
import { formatDuration } from '../print/format-duration.ts'
import { isTerminal, writeError } from '../print/standard-streams.ts'
import { localTime, spell, toJson } from '../print/value.ts'

/** What a command that has ended asks for: that its task be completed, failed, given back; or it had to end. */
export type Verdict = 'completed' | 'failed' | 'given up' | 'later' | 'stopped'

/** How the command of a task has ended. */
export interface Ending {
  readonly verdict: Verdict
  readonly durationMs: number
  /** Why the task is not completed; undefined when it is. */
  readonly error?: string
}

const colours = {
  started: 'cyan',
  completed: 'green',
  failed: 'red',
  'given up': 'red',
  later: 'yellow',
  stopped: 'yellow',
} as const

/** What there is to say of a task: as fields for programs, as a text for people. */
interface Details {
  readonly facts: object
  readonly message: string
}

/** Prints what a worker does: a line when a task begins, one when its command has ended, and the sums. */
export class Reporter {
  readonly #cli: Cli

  constructor(cli: Cli) {
    this.#cli = cli
  }

  started({ id, attempt, description }: ClaimedTask): void {
    this.#report('started', id, { facts: { attempt, description }, message: description })
  }

  ended({ id, attempt }: ClaimedTask, { verdict, durationMs, error }: Ending): void {
    const message =
      error === undefined ? formatDuration(durationMs) : `${formatDuration(durationMs)}, ${error}`
    const facts = { attempt, durationMs: Math.round(durationMs), error }
    this.#report(verdict, id, { facts, message })
  }

  /** Passes on a line that the command of a task said. */
  said({ id }: ClaimedTask, line: string): void {
    const { flags, print } = this.#cli
    if (!flags.quiet)
      writeError(`${print.error.dim(`[${visible(id)}]`)} ${isTerminal(2) ? visible(line) : line}\n`)
  }

  summary(summary: WorkSummary): void {
    const { print } = this.#cli
    const sums = Object.entries(summary).map(([what, count]) => `${count} ${what}`)
    if (print.json) print.line(toJson({ event: 'summary', at: new Date(), ...summary }))
    else print.note(sums.join(', '))
  }

  #report(event: keyof typeof colours, taskId: string, { facts, message }: Details): void {
    const { print, flags } = this.#cli
    const at = new Date()
    if (print.json) print.line(toJson({ event, at, taskId, ...facts }))
    else if (flags.plain) print.line(plainLine(at, event, taskId, message))
    else {
      const word = print.out[colours[event]](pad(event, 9))
      print.styled(`${localTime(at)}  ${word}  ${visible(oneLine(taskId))}  ${visible(oneLine(message))}`)
    }
  }
}

function plainLine(...fields: unknown[]): string {
  return fields.map(field => tabField(spell(field, 'programs'))).join('\t')
}
