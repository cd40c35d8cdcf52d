import fs from 'node:fs'
import { Deadline } from '../errors.ts'
import { locate } from '../location/location.ts'
import { openMemory } from '../open.ts'
import { visible } from '../util/visible.ts'
import { logFailure } from './failures.ts'
import { hookClient, hookEvent } from './hook-client.ts'
import { hookHandlers } from './hook-handlers.ts'
import { type HookInput, readInput, textOf } from './hook-input.ts'
import { agentOf } from './record-ids.ts'

/** After so many milliseconds a hook ends, whatever it was doing: a person is waiting. */
const deadlineMs = 2_000

/** How long a hook waits for other writers; after that its note is lost, and the loss is logged. */
const busyTimeoutMs = 1_000

const usualBudget = 1_000

export interface HookOptions {
  /** In the words of the client. Default: what the input says. */
  readonly event?: string | undefined
  /** The coding agent that runs the hook. Default: Claude Code. */
  readonly client?: string | undefined
  /** The memory. Default: that of the project that the client is in. */
  readonly url?: string | undefined
  /** How many tokens a briefing may take. Default: 1,000. */
  readonly budget?: number | undefined
  /** Writes the answer, one line of JSON. */
  readonly write: (text: string) => void
}

/**
 * Serves one event of a coding agent. Never throws and never takes longer than two seconds: what goes wrong is written to
 * a file beside the store. Where there is no store yet, nothing is done.
 */
export async function runHook(options: HookOptions): Promise<void> {
  const run = new HookRun(options)
  const timer = setTimeout(() => run.giveUp(), deadlineMs)
  const onError = (error: unknown) => run.failed(error)
  process.on('uncaughtException', onError)
  try {
    await run.work()
  } catch (error) {
    run.failed(error)
  } finally {
    clearTimeout(timer)
    process.off('uncaughtException', onError)
  }
}

class HookRun {
  readonly #options: HookOptions
  #input: HookInput

  constructor(options: HookOptions) {
    this.#options = options
    this.#input = { client: hookClient(options.client), fields: {} }
  }

  async work(): Promise<void> {
    const { event: word, budget = usualBudget, write } = this.#options
    const { client } = this.#input
    const fields = await readInput()
    this.#input = { client, fields: client.fields(fields) }
    const event = hookEvent(client, word ?? fields.hook_event_name)
    const url = this.#store()
    if (event === undefined || url === undefined) return
    const light = { background: false, countReads: false, cacheBytes: 0, busyTimeoutMs }
    const memory = await openMemory(url, light)
    try {
      const answer = (output: object) => write(`${JSON.stringify(output)}\n`)
      const acting = memory.through({ via: 'hook', caller: agentOf(this.#input) })
      await hookHandlers[event]({ memory: acting, input: this.#input, budget, answer })
    } finally {
      await memory.close()
    }
  }

  failed(error: unknown): void {
    const what = String(this.#options.event ?? textOf(this.#input, 'hook_event_name'))
    try {
      const store = this.#store()
      if (store !== undefined) logFailure(store, what, error)
    } catch (unlocated) {
      // Clients show what is written there on request.
      process.stderr.write(`${visible(`hivewax hook ${what}: ${unlocated}`)}\n`)
    }
  }

  giveUp(): never {
    this.failed(new Deadline(`given up after ${deadlineMs} ms`))
    process.exit(0)
  }

  /** The memory's location, if there is one: a hook makes none. */
  #store(): string | undefined {
    const cwd = process.env.CLAUDE_PROJECT_DIR || textOf(this.#input, 'cwd')
    const { url } = locate(this.#options.url, process.env, cwd)
    return /^[a-z]{2,}:/i.test(url) || fs.existsSync(url) ? url : undefined
  }
}
