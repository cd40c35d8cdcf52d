import fs from 'node:fs'
import path from 'node:path'
import { InvalidInput, NotFound } from '../errors.ts'
import { isServer, type Location, locate } from '../location/location.ts'
import type { Memory } from '../memory.ts'
import { openMemory } from '../open.ts'
import type { StandingMemory } from '../standing-memory.ts'
import { hasLog } from '../util/database-files.ts'
import { systemCode } from '../util/file-error.ts'
import { type Cli, interruptedExit, type Runner } from './cli.ts'
import { coerce } from './coerce.ts'
import { type Command, type Field, label } from './command.ts'
import { commands } from './command-tree.ts'
import { runners } from './commands/index.ts'
import { confirm } from './confirm.ts'
import { reportFailure } from './failure.ts'
import { assertOneForm, type Flags } from './flags.ts'
import { type Parsed, parse, type Texts } from './parse.ts'
import { Printer } from './print/printer.ts'
import { runOperation } from './run-operation.ts'
import { standingMemory } from './standing.ts'
import { fillFromStdin, readStdin } from './stdin.ts'
import { fillFromFile, givenFor, valueField } from './value-options.ts'

/** Asks on the terminal; undefined when the input is not a terminal. */
export type Ask = (question: string) => Promise<string | undefined>

/** Runs the command line of this process and returns its exit code. */
export async function main(args: readonly string[]): Promise<number> {
  const program = new Program()
  const exitCode = await program.run(args)
  try {
    await program.close()
    return exitCode
  } catch (error) {
    return exitCode || reportFailure(error, new Printer({}))
  }
}

/** The command line program: runs one command line, or, in the shell, many over the same open memory. */
export class Program {
  /** How to ask the user; the shell, which reads the terminal itself, puts its own way here. */
  ask: Ask = async question => (await import('./ask.ts')).ask(question)
  /** How to read the value that `-` stands for; the shell has its own. */
  readStdin: (print: Printer) => Promise<string> = readStdin
  #standing: Promise<StandingMemory> | undefined
  #url: string | undefined
  #interrupt: AbortController | undefined
  /** Once only: a second Ctrl-C ends the process, whatever it does. */
  readonly #onInterrupt = () => void this.interrupt()

  /**
   * Runs a command line and returns its exit code; every failure has been reported by then.
   * @param base flags that hold unless the command line says otherwise
   */
  async run(args: readonly string[], base: Flags = {}): Promise<number> {
    const parsed = parse(args, commands)
    const flags = { ...base, ...parsed.flags }
    const print = new Printer(flags)
    try {
      return (await this.#dispatch(parsed, flags, print)) ?? 0
    } catch (error) {
      if (this.#interrupt?.signal.aborted) return interruptedExit
      return reportFailure(error, print, flags.debug)
    } finally {
      process.off('SIGINT', this.#onInterrupt)
      this.#interrupt = undefined
    }
  }

  /** Ends what runs and heeds `interrupted`, as Ctrl-C does; false when nothing does. */
  interrupt(): boolean {
    this.#interrupt?.abort()
    return this.#interrupt !== undefined
  }

  async close(): Promise<void> {
    // A memory that did not open has been reported, and there is nothing to close.
    const standing = await this.#standing?.catch(() => undefined)
    await standing?.close()
  }

  async #dispatch(parsed: Parsed, flags: Flags, print: Printer): Promise<number | undefined> {
    const { command, texts, words, problem } = parsed
    if (flags.version) return (await import('./commands/version.ts')).printVersion(print)
    if (problem !== undefined && !flags.help) throw problem
    assertOneForm(flags)
    if (flags.help || command === undefined) {
      return (await import('./help.ts')).printHelp(print, words, flags.help ?? false)
    }
    return this.#execute(command, texts, this.#cli(flags, print, command))
  }

  async #execute(command: Command, texts: Texts, cli: Cli): Promise<number | undefined> {
    await fillFromStdin(texts, () => this.readStdin(cli.print))
    fillFromFile(command, texts)
    const input = readInput(command, texts, cli.print)
    if (command.effect === 'destroy') await confirm(cli, command, input)
    const own = await runners.get(command.path)?.()
    // A runner names what the fields of its command give it.
    const run = (own?.run as Runner<typeof input> | undefined) ?? runOperation
    return run(cli, input, command)
  }

  #cli(flags: Flags, print: Printer, { effect, operation }: Command): Cli {
    return {
      flags,
      print,
      memory: async () => {
        // What goes on looking may be there before the first who writes.
        const isOneLook = effect === 'read' && operation !== undefined && this.#standing === undefined
        if (isOneLook) assertThere(locate(flags.url))
        const memory = (await this.#open(flags)).through({ via: 'cli' })
        return flags.agent === undefined ? memory : memory.as(flags.agent)
      },
      ask: question => this.ask(question),
      interrupted: () => this.#signal(),
      program: this,
    }
  }

  async #open(flags: Flags): Promise<Memory> {
    if (this.#standing !== undefined && this.#url !== flags.url) {
      throw new InvalidInput('another memory is open in this shell', {
        hint: 'Start a shell with --url for it.',
      })
    }
    this.#url = flags.url
    // Nothing in the background, no counting, and no cache, from which one command could not profit.
    const light = { background: false, countReads: false, cacheBytes: 0 }
    const { durability, readOnly } = flags
    this.#standing ??= standingMemory(() => openMemory(flags.url, { ...light, durability, readOnly }))
    return (await this.#standing).present()
  }

  #signal(): AbortSignal {
    if (this.#interrupt === undefined) process.once('SIGINT', this.#onInterrupt)
    this.#interrupt ??= new AbortController()
    return this.#interrupt.signal
  }
}

/** What only looks makes no store: a look in the wrong folder would make that the project's. */
function assertThere({ url, reason }: Location): void {
  if (isServer(url) || url === ':memory:' || !isAbsent(url)) return
  throw new NotFound(`there is no memory here yet: looked for ${path.resolve(url)} (${reason})`, {
    hint: 'The first store, or hivewax init, makes it. For one that is elsewhere: --url, or HIVEWAX_URL.',
  })
}

/** Whether nothing is left of a store, either: of one whose log is, opening it says what to do. */
function isAbsent(file: string): boolean {
  try {
    fs.statSync(file)
    return false
  } catch (error) {
    return systemCode(error) === 'ENOENT' && !hasLog(file)
  }
}

function readInput(command: Command, texts: Texts, print: Printer): Record<string, unknown> {
  const textOption = givenFor('text', texts)
  const read = (field: Field): [string, unknown][] => {
    const given = texts.get(field)
    if (given === undefined || field.isReading) return []
    const what = label(command, field)
    const isValue = field === valueField(command)
    const advice = isValue ? '; --text says so' : ''
    const note = (why: string) => print.note(`${what} was taken as text, since ${why}${advice}`)
    const isText = isValue && textOption === 'true'
    return [[field.name, coerce({ what, field, isText, note }, given)]]
  }
  return Object.fromEntries([...command.positionals, ...command.options].flatMap(read))
}
