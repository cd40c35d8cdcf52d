import fs from 'node:fs'
import { InvalidInput } from '../../errors.ts'
import { isLoopback, type ServeOptions, serve } from '../../http/http-server.ts'
import { keepOwnerToken, ownerToken, ownerTokenFile } from '../../http/owner-token.ts'
import { createMcpHandler } from '../../mcp/mcp.ts'
import type { Memory } from '../../memory.ts'
import { openMemory } from '../../open.ts'
import { checkInteger } from '../../util/check.ts'
import { type Cli, interruptedExit } from '../cli.ts'
import { optionMs } from '../coerce.ts'
import { standingMemory } from '../standing.ts'

interface ServeInput {
  host?: string
  port?: number
  allowHost?: string[]
  allowOrigin?: string[]
  files?: string
  tokenFile?: string
  rate?: number
  timeout?: string
  maxBody?: number
}

const mebibyte = 1024 * 1024

/** Serves the memory over HTTP until Ctrl-C or SIGTERM: then it answers what was asked before and ends. */
export async function run(cli: Cli, input: ServeInput): Promise<number> {
  const { url, durability, readOnly } = cli.flags
  // It lives as long as the swarm does, so that, unlike other commands, it sees to the upkeep of the store.
  await using standing = await standingMemory(
    () => openMemory(url, { durability, readOnly }),
    memory => keepOwnerToken(tokenFileOf(memory), token),
  )
  const memory = await standing.present()
  if (/^https?:/.test(memory.url)) throw new InvalidInput(`${memory.url} is a server already`)
  const tokenFileOf = (memory: Memory) => input.tokenFile ?? ownerTokenFile(memory.url)
  const tokenFile = tokenFileOf(memory)
  const token = ownerToken(tokenFile)
  if (input.host !== undefined && !isLoopback(input.host)) warn(input.host)
  const ending = untilEnded(cli)
  const serving = await serve({
    ...options(input),
    memory: standing,
    ownerToken: token,
    mcp: createMcpHandler({ memory: standing }),
  })
  announce(cli, { url: serving.url, store: memory.url, tokenFile })
  const exitCode = await ending
  cli.print.note('Closing; Ctrl-C again ends at once')
  await serving.close()
  return exitCode
}

function options(input: ServeInput): Partial<ServeOptions> {
  return {
    hostname: input.host,
    port: input.port === undefined ? undefined : checkInteger('--port', input.port, 0, 65_535),
    hosts: input.allowHost,
    origins: input.allowOrigin,
    files: input.files === undefined ? undefined : folder(input.files),
    ratePerSecond: input.rate === undefined ? undefined : checkInteger('--rate', input.rate, 1),
    timeoutMs: optionMs('--timeout', input.timeout),
    maxBodyBytes:
      input.maxBody === undefined ? undefined : checkInteger('--max-body', input.maxBody, 1, 1024) * mebibyte,
  }
}

/** @throws InvalidInput when it is none */
function folder(name: string): string {
  if (fs.statSync(name, { throwIfNoEntry: false })?.isDirectory()) return name
  throw new InvalidInput(`--files: ${name} is no folder`)
}

function announce(cli: Cli, where: { url: string; store: string; tokenFile: string }): void {
  if (cli.print.json) cli.print.document(where)
  else cli.print.line(`Serving ${where.store} at ${where.url}; the owner's token is in ${where.tokenFile}`)
}

/** Also with --json and --quiet: a person who does not know it gives the tokens away. */
function warn(host: string): void {
  process.stderr.write(
    `WARNING: ${host} can be reached from other machines, and what is sent is not encrypted, tokens included. ` +
      'Put a server with TLS in front of it, and name it with --allow-host.\n',
  )
}

/** Resolves with the exit code at Ctrl-C, or when a supervisor ends the process, which is no failure. */
function untilEnded(cli: Cli): Promise<number> {
  const interrupted = cli.interrupted()
  return new Promise(resolve => {
    interrupted.addEventListener('abort', () => resolve(interruptedExit))
    process.once('SIGTERM', () => resolve(0))
  })
}
