import { GiveUp, TryLater } from '../../tasks/give-up.ts'
import type { ClaimedTask } from '../../tasks/task.ts'
import type { Job } from '../../tasks/work-options.ts'
import type { Json } from '../../util/json.ts'
import { cannotRun } from '../child.ts'
import { toJson } from '../print/value.ts'
import type { ProcessGroups } from './process-groups.ts'
import type { Reporter, Verdict } from './reporter.ts'
import { type CommandEnd, runCommand } from './run-command.ts'
import { taskEnvironment } from './task-environment.ts'

/** Exit codes that mean more than success and failure, by their names in sysexits.h. */
const exTempFail = 75
const exDataErr = 65

/** What the system says of a program that is not there, or is none: it would be so with every task. */
const hopeless = ['ENOENT', 'EACCES', 'ENOEXEC', 'ENOTDIR']

export interface TaskRunnerOptions {
  /** The program and its arguments. */
  words: readonly string[]
  url: string
  agentId: string
  /** How long a task waits that its command gave back. */
  laterMs: number
  /** Aborts when all commands must end at once, and their tasks be given back. */
  hurry: AbortController
  groups: ProcessGroups
  reporter: Reporter
}

/** Runs the command for each task of a worker. */
export class TaskRunner {
  readonly #options: TaskRunnerOptions
  #failure: Error | undefined

  constructor(options: TaskRunnerOptions) {
    this.#options = options
  }

  /** Why the command cannot be run at all, whatever the task. */
  get failure(): Error | undefined {
    return this.#failure
  }

  /** Does a task; for `Tasks.work`. */
  readonly run = async (task: ClaimedTask, job: Job): Promise<Json> => {
    const { reporter } = this.#options
    const begun = performance.now()
    reporter.started(task)
    try {
      const result = this.#judge(await this.#command(task, job), job)
      reporter.ended(task, { verdict: 'completed', durationMs: performance.now() - begun })
      return result
    } catch (error) {
      const { verdict, message } = this.#explain(error, job)
      reporter.ended(task, { verdict, durationMs: performance.now() - begun, error: message })
      throw error
    }
  }

  async #command(task: ClaimedTask, { signal }: Job): Promise<CommandEnd> {
    const { words, url, agentId, hurry, groups, reporter } = this.#options
    try {
      return await runCommand(words, {
        env: taskEnvironment(task, url, agentId),
        input: `${toJson(task)}\n`,
        signal: AbortSignal.any([signal, hurry.signal]),
        groups,
        onErrorLine: line => reporter.said(task, line),
      })
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && hopeless.includes(String(error.code)))) throw error
      this.#failure ??= cannotRun(words[0] ?? '', error)
      hurry.abort()
      throw new TryLater(0, error.message)
    }
  }

  /** The result, or the error that says what is to become of the task. */
  #judge({ exitCode, result, lastWords }: CommandEnd, { signal }: Job): Json {
    const { hurry, laterMs } = this.#options
    if (exitCode === 0) return result
    if (signal.aborted) throw signal.reason
    if (hurry.signal.aborted) throw new TryLater(0, 'the worker has ended')
    const message = `exit code ${exitCode}${lastWords && `: ${lastWords}`}`
    if (exitCode === exTempFail) throw new TryLater(laterMs, message)
    throw exitCode === exDataErr ? new GiveUp(message) : new Error(message)
  }

  #explain(error: unknown, { signal }: Job): { verdict: Verdict; message: string } {
    const message = error instanceof Error ? error.message : String(error)
    if (signal.aborted || this.#options.hurry.signal.aborted) return { verdict: 'stopped', message }
    if (error instanceof TryLater) return { verdict: 'later', message }
    return { verdict: error instanceof GiveUp ? 'given up' : 'failed', message }
  }
}
