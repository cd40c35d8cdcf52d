import { isServer, locate } from '../../location/location.ts'
import { openMemory } from '../../open.ts'
import type { Cli } from '../cli.ts'
import type { Command } from '../command.ts'
import { printResult } from '../print/result.ts'
import { runOperation, withProgress } from '../run-operation.ts'

interface Input {
  path: string
  from?: string
}

/** Recovers a file without opening it as a store, which a damaged one may refuse. */
export async function run(cli: Cli, { path, from }: Input, command: Command): Promise<undefined> {
  const { url } = locate(cli.flags.url)
  if (isServer(url)) return runOperation(cli, { path, ...(from !== undefined && { from }) }, command)
  await using memory = await openMemory(':memory:', { background: false })
  const result = await withProgress(cli, long =>
    memory.maintenance.recover(path, { ...long, from: from ?? url }),
  )
  printResult(cli.print, result, command)
}
