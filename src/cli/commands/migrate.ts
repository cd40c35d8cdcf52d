import { copyStore } from '../../db/copy/copy-store.ts'
import { isServer, prepareSwarmFolder } from '../../location.ts'
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
  if (!isServer(input.to)) prepareSwarmFolder(input.to)
  const result = await withProgress(cli, long =>
    copyStore({ ...input, onProgress: long.onProgress, signal: long.signal }),
  )
  printResult(cli.print, result, command)
}
