import fs from 'node:fs'
import { InvalidInput } from '../../errors.ts'
import { isLoopback, type ServeOptions } from '../../http/http-server.ts'
import { checkInteger } from '../../util/check.ts'
import type { Cli } from '../cli.ts'
import { optionMs } from '../coerce.ts'
import { serveStore } from '../serve-store.ts'

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
export function run(cli: Cli, input: ServeInput): Promise<number> {
  if (input.host !== undefined && !isLoopback(input.host)) warn(input.host)
  return serveStore(cli, { ...options(input), tokenFile: input.tokenFile }, ({ url }, where) =>
    announce(cli, { url, ...where }),
  )
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
