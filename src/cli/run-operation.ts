import { looplessHoldMs, withHold } from '../access/hold.ts'
import type { AbortableOptions, Progress } from '../db/engine.ts'
import { NotFound } from '../errors.ts'
import { operations } from '../operations.ts'
import { describe } from '../util/check.ts'
import type { Cli } from './cli.ts'
import { type Command, usage } from './command.ts'
import { commands } from './command-tree.ts'
import { printResult } from './print/result.ts'
import { ProgressBar } from './progress-bar.ts'

/** Runs the operation of a command and prints what it gives. A record that is not there is NotFound. */
export async function runOperation(
  cli: Cli,
  input: Record<string, unknown>,
  command: Command,
): Promise<undefined> {
  const operation = operations.find(({ name }) => name === command.operation)
  if (operation === undefined) throw new Error(`${command.path} has no operation`)
  const result = await withProgress(cli, async long =>
    operation.run(await cli.memory(), withHold(operation, input, holdMs()), long),
  )
  if (result === undefined && (command.effect === 'read' || command.result === 'value'))
    throw absent(command, input)
  printResult(cli.print, result, operation)
}

/** A command has ended long before what it took; inside of `hivewax work` or `lock run` these renew it. */
function holdMs(): number | undefined {
  const { HIVEWAX_TASK_TOKEN: task, HIVEWAX_LOCK_TOKEN: lock } = process.env
  return task || lock ? undefined : looplessHoldMs
}

/** Runs something that may take long: its progress is shown, and Ctrl-C ends it in good order. */
export async function withProgress<T>(cli: Cli, work: (long: AbortableOptions) => Promise<T>): Promise<T> {
  const bar = new ProgressBar(cli.print.json || cli.flags.quiet === true)
  const long = {
    onProgress: (progress: Progress) => bar.show(progress),
    // Read by those operations that heed it; Ctrl-C ends the others at once.
    get signal() {
      return cli.interrupted()
    },
  }
  try {
    return await work(long)
  } finally {
    bar.end()
  }
}

function absent(command: Command, input: Record<string, unknown>): NotFound {
  const sought = Object.entries(input).map(([name, value]) => `${name} ${describe(value)}`)
  return new NotFound(`nothing found for ${sought.join(', ')}`, { hint: lookAround(command), details: input })
}

/** Names the command that shows what there is instead. */
function lookAround({ operation = '' }: Command): string | undefined {
  const [domain] = operation.split('.', 1)
  const list = commands.all.find(
    other => other.operation === `${domain}.list` || other.operation === `${domain}.search`,
  )
  return list && `See what is there: ${usage({ ...list, options: [] })}`
}
