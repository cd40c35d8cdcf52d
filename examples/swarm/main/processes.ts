import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import module from 'node:module'
import { fileURLToPath } from 'node:url'
import { SwarmError } from '../errors.ts'

/** A process of the swarm, as its parent sees it. */
export interface Child {
  readonly name: string
  readonly process: ChildProcess
  /** Resolves when it has ended, well or not. */
  readonly ended: Promise<void>
}

/** All processes load the same modules: compiled once for all of them, they start in half the time. */
const { directory: compileCache } = module.enableCompileCache()

/** The operating-system processes of a run. They share nothing but the memory. */
export class Processes {
  readonly #directory: string
  readonly #running = new Set<ChildProcess>()
  readonly #failure = Promise.withResolvers<never>()

  /** @param directory where they work */
  constructor(directory: string) {
    this.#directory = directory
    // A caller that races with it gets the failure; at times there is none.
    this.#failure.promise.catch(() => {})
  }

  /** Rejects as soon as one of the processes has failed, with what it said. */
  get failure(): Promise<never> {
    return this.#failure.promise
  }

  /** Starts a script of the swarm under an agent's name. */
  start(script: string, name: string, ...args: string[]): Child {
    const child = spawn(
      process.execPath,
      [fileURLToPath(new URL(`../${script}`, import.meta.url)), ...args],
      {
        cwd: this.#directory,
        env: { ...process.env, NODE_COMPILE_CACHE: compileCache, HIVEWAX_AGENT: name },
        // The channel carries no messages: when it closes, a child knows that its parent is gone.
        stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
      },
    )
    this.#running.add(child)
    return { name, process: child, ended: this.#watch(child, name) }
  }

  /** Ends a process as a crash would: at once, wherever it is, without a chance to tidy up. */
  async kill(child: Child): Promise<void> {
    this.#running.delete(child.process)
    child.process.kill('SIGKILL')
    await child.ended
  }

  /** Asks all that still run to end, and waits until they have. */
  async stop(): Promise<void> {
    const running = [...this.#running]
    this.#running.clear()
    const closed = running.map(child => once(child, 'close'))
    for (const child of running) child.kill('SIGTERM')
    await Promise.all(closed)
  }

  async #watch(child: ChildProcess, name: string): Promise<void> {
    let said = ''
    child.stderr?.setEncoding('utf8').on('data', text => {
      said += text
    })
    const [code, signal] = await once(child, 'close').catch(error => [error.message])
    // What was killed or stopped on purpose is running no more by our count.
    if (!this.#running.delete(child) || code === 0) return
    this.#failure.reject(new SwarmError(`${name} failed (${signal ?? `exit code ${code}`})\n${said.trim()}`))
  }
}
