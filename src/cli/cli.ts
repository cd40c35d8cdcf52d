import type { Memory } from '../memory.ts'
import type { Command } from './command.ts'
import type { Flags } from './flags.ts'
import type { Printer } from './print/printer.ts'
import type { Ask, Program } from './program.ts'

/** The exit code of what Ctrl-C ended, as shells have it. */
export const interruptedExit = 130

/** What a running command works with. */
export interface Cli {
  readonly flags: Flags
  readonly print: Printer
  /** The memory, opened when it is asked for first, and anew when its store was gone. */
  readonly memory: () => Promise<Memory>
  readonly ask: Ask
  /** Aborts on Ctrl-C: a command that asks for it ends by itself. The signal ends all others. */
  readonly interrupted: () => AbortSignal
  /** What runs the command; the shell runs more with it. */
  readonly program: Program
}

/** Does what a command promises, with the input that its fields describe. May return an exit code other than 0. */
export type Runner<Input> = (cli: Cli, input: Input, command: Command) => Promise<number | undefined>
