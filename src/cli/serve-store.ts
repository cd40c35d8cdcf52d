import { InvalidInput } from '../errors.ts'
import { type ServeOptions, type Serving, serve } from '../http/http-server.ts'
import { keepOwnerToken, ownerToken, ownerTokenFile } from '../http/owner-token.ts'
import { createMcpHandler } from '../mcp/mcp.ts'
import type { Memory } from '../memory.ts'
import { openMemory } from '../open.ts'
import { type Cli, interruptedExit } from './cli.ts'
import { standingMemory } from './standing.ts'

interface StoreOptions extends Partial<ServeOptions> {
  /** Where the owner's token is. Default: beside the store. */
  readonly tokenFile?: string | undefined
}

/** What is served, and where the token of its owner is. */
interface Where {
  readonly store: string
  readonly tokenFile: string
}

/**
 * Serves the store of a command over HTTP until Ctrl-C or SIGTERM.
 * @param announce is called once it listens
 */
export async function serveStore(
  cli: Cli,
  { tokenFile: given, ...options }: StoreOptions,
  announce: (serving: Serving, where: Where) => void,
): Promise<number> {
  const { url, durability, readOnly } = cli.flags
  // It lives as long as the swarm does, so that, unlike other commands, it sees to the upkeep of the store.
  await using standing = await standingMemory(
    () => openMemory(url, { durability, readOnly }),
    memory => keepOwnerToken(tokenFileOf(memory), token),
  )
  const memory = await standing.present()
  if (/^https?:/.test(memory.url)) throw new InvalidInput(`${memory.url} is a server already`)
  const tokenFileOf = (memory: Memory) => given ?? ownerTokenFile(memory.url)
  const tokenFile = tokenFileOf(memory)
  const token = ownerToken(tokenFile)
  const ending = untilEnded(cli)
  const mcp = createMcpHandler({ memory: standing })
  const serving = await serve({ ...options, memory: standing, ownerToken: token, mcp })
  announce(serving, { store: memory.url, tokenFile })
  const exitCode = await ending
  cli.print.note('Closing; Ctrl-C again ends at once')
  await serving.close()
  return exitCode
}

/** Resolves with the exit code at Ctrl-C, or when a supervisor ends the process, which is no failure. */
function untilEnded(cli: Cli): Promise<number> {
  const interrupted = cli.interrupted()
  return new Promise(resolve => {
    interrupted.addEventListener('abort', () => resolve(interruptedExit))
    process.once('SIGTERM', () => resolve(0))
  })
}
