import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { InvalidInput } from '../errors.ts'
import { isObject, type Json } from '../util/json.ts'
import type { Launch } from './clients.ts'

/** How long a server may take to start and to answer, in milliseconds. */
const patienceMs = 20_000

/** How much is kept of what a server says on its standard error, in characters. */
const longestWords = 2_000

/** Starts an MCP server as a client does, and asks it: one JSON-RPC message a line, on its standard input and output. */
export class StdioClient {
  readonly #server: ChildProcessWithoutNullStreams
  readonly #waiting = new Map<number, (answer: Json) => void>()
  readonly #failed = Promise.withResolvers<never>()
  #words = ''
  #last = 0

  constructor({ command, args, env }: Launch, folder: string) {
    // Where a client's own session is told to its servers, this is not that one.
    const { CLAUDE_CODE_SESSION_ID: _, ...inherited } = process.env
    this.#server = spawn(command, args, { cwd: folder, env: { ...inherited, ...env } })
    this.#server.on('error', error => this.#fail(error.message))
    this.#server.on('exit', code => this.#fail(`it ended with exit code ${code}`))
    this.#server.stdin.on('error', () => {}) // it has ended, which is told
    this.#server.stderr.setEncoding('utf8').on('data', text => {
      this.#words = (this.#words + text).slice(-longestWords)
    })
    createInterface({ input: this.#server.stdout }).on('line', line => this.#read(line))
    this.#failed.promise.catch(() => {}) // nobody may be asking
  }

  /** @throws InvalidInput when the server does not start, ends, refuses, or takes too long */
  async ask(method: string, params: { [name: string]: Json } = {}): Promise<{ [name: string]: Json }> {
    const id = ++this.#last
    const { promise, resolve } = Promise.withResolvers<Json>()
    this.#waiting.set(id, resolve)
    this.#send({ id, method, params })
    const timer = setTimeout(
      () => this.#fail(`it did not answer ${method} within ${patienceMs / 1000} s`),
      patienceMs,
    )
    try {
      const answer = await Promise.race([promise, this.#failed.promise])
      if (isObject(answer) && isObject(answer.result ?? null))
        return answer.result as { [name: string]: Json }
      throw new InvalidInput(`it refused ${method}: ${JSON.stringify(answer)}`)
    } finally {
      clearTimeout(timer)
    }
  }

  tell(method: string): void {
    this.#send({ method })
  }

  /** Ends the server as a client does, and waits for its end. */
  async close(): Promise<void> {
    const ended = new Promise(resolve => this.#server.once('exit', resolve))
    if (this.#server.exitCode !== null || this.#server.pid === undefined) return
    this.#server.stdin.end()
    const timer = setTimeout(() => this.#server.kill('SIGKILL'), patienceMs)
    await ended
    clearTimeout(timer)
  }

  #send(message: { [name: string]: Json }): void {
    this.#server.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
  }

  #read(line: string): void {
    try {
      const message: Json = JSON.parse(line)
      if (isObject(message)) this.#waiting.get(Number(message.id))?.(message)
    } catch {
      this.#fail(`it wrote a line that is no message: ${line.slice(0, 200)}`)
    }
  }

  #fail(what: string): void {
    const words = this.#words.trim()
    this.#failed.reject(new InvalidInput(words === '' ? what : `${what}: ${words}`))
  }
}
