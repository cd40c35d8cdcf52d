import { copyStore } from '../../db/copy/copy-store.ts'
import { isServer, locate, prepareSwarmFolder } from '../../location/location.ts'
import type { Cli } from '../cli.ts'
import type { Command } from '../command.ts'
import { printResult } from '../print/result.ts'
import { withProgress } from '../run-operation.ts'

interface Input {
  from: string
  to: string
  force?: boolean
}

/** Copies one store into another; Ctrl-C ends it between two batches, to be gone on with later. */
export async function run(cli: Cli, input: Input, command: Command): Promise<undefined> {
  const [from, to] = [locate(input.from).url, locate(input.to).url]
  if (!isServer(to)) prepareSwarmFolder(to)
  const result = await withProgress(cli, long =>
    copyStore({ ...input, from, to, onProgress: long.onProgress, signal: long.signal }),
  )
  printResult(cli.print, result, command)
}
