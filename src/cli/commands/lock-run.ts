import { Conflict } from '../../errors.ts'
import { runChild } from '../child.ts'
import type { Cli } from '../cli.ts'
import { optionMs } from '../coerce.ts'

interface LockRunInput {
  name: string
  command: string[]
  lease?: string
  wait?: string
  delay?: string
  owner?: string
}

/** Holds a lock while a command runs. Its exit code is the command's own; a lock that was lost is a Conflict. */
export async function run(cli: Cli, input: LockRunInput): Promise<number> {
  const { locks } = await cli.memory()
  return locks.withLock(input.name, held => runHeld(input, held), {
    owner: input.owner,
    leaseMs: optionMs('--lease', input.lease),
    waitMs: optionMs('--wait', input.wait),
    delayMs: optionMs('--delay', input.delay),
  })
}

async function runHeld(
  { name, command }: LockRunInput,
  { token, signal }: { token: number; signal: AbortSignal },
): Promise<number> {
  const env = { HIVEWAX_LOCK_NAME: name, HIVEWAX_LOCK_TOKEN: String(token) }
  const exitCode = await runChild(command, { env, signal })
  if (!signal.aborted) return exitCode
  throw new Conflict(
    `lock ${JSON.stringify(name)} was lost while the command ran, so that it was ended`,
    {
      hint: 'Give it a longer --lease if this machine is that busy.',
      details: { name, token },
      cause: signal.reason,
    },
    'stale_token',
  )
}
