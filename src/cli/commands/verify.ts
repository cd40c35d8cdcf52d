import type { VerifyOptions } from '../../events/seal.ts'
import type { Cli } from '../cli.ts'
import type { Command } from '../command.ts'
import { printResult } from '../print/result.ts'
import { withProgress } from '../run-operation.ts'

/** Prints what was found, and exits with 1 when the log is not what was sealed. */
export async function run(cli: Cli, range: VerifyOptions, command: Command): Promise<number> {
  const memory = await cli.memory()
  const found = await withProgress(cli, long => memory.events.verify({ ...long, ...range }))
  printResult(cli.print, found, command)
  return found.ok ? 0 : 1
}
