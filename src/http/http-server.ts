import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import { InvalidInput, Storage } from '../errors.ts'
import { type AppOptions, createApp } from './app.ts'
import { SignIn } from './sign-in.ts'

type Settings = Omit<AppOptions, 'memory' | 'ownerToken' | 'signIn' | 'closing'>

export interface ServeOptions extends Partial<{ [Name in keyof Settings]: Settings[Name] | undefined }> {
  readonly memory: AppOptions['memory']
  readonly ownerToken: string
  /** The address to listen on. Default 127.0.0.1: only this machine. */
  readonly hostname?: string | undefined
  /** Default 4747; 0 for any that is free. */
  readonly port?: number | undefined
  /** Take any port that is free where that one is taken. Default: false. */
  readonly orAnyPort?: boolean | undefined
}

export interface Serving {
  /** Where it answers, such as http://127.0.0.1:4747. */
  readonly url: string
  /** A link to the dashboard that signs in who follows it first, for two minutes. */
  signInLink(): string
  /** Answers what is under way, for up to `graceMs`, then closes. Transactions that are open are rolled back. */
  close(graceMs?: number): Promise<void>
}

const defaultPort = 4747

/** What never sends its headers, or its body, must not keep a connection for ever. Times in milliseconds. */
const serverOptions = {
  headersTimeout: 10_000,
  requestTimeout: 60_000,
  connectionsCheckingInterval: 5_000,
  maxHeaderSize: 16 * 1024,
}

const maxConnections = 4_000

/** The names by which a machine calls itself. */
const loopback = ['localhost', '127.0.0.1', '[::1]']

/** Whether only this machine can reach what listens at an address. */
export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '::1' || /^127\.\d+\.\d+\.\d+$/.test(hostname)
}

/** Serves a memory over HTTP until it is closed; the memory stays open. */
export async function serve(options: ServeOptions): Promise<Serving> {
  const { hostname = '127.0.0.1', port = defaultPort } = options
  const ending = new AbortController()
  const signIn = new SignIn(options.ownerToken)
  const { app, transactions } = createApp({
    memory: options.memory,
    ownerToken: options.ownerToken,
    signIn,
    hosts: [...loopback, nameIn(hostname), ...(options.hosts ?? [])].map(host => host.toLowerCase()),
    origins: options.origins ?? [],
    files: options.files,
    maxBodyBytes: options.maxBodyBytes ?? 16 * 1024 * 1024,
    ratePerSecond: options.ratePerSecond ?? 1_000,
    timeoutMs: options.timeoutMs ?? 30_000,
    beatMs: options.beatMs ?? 5_000,
    mcp: options.mcp,
    closing: ending.signal,
  })
  const server = createAdaptorServer({ fetch: app.fetch, serverOptions }) as Server
  server.maxConnections = maxConnections
  await listen(server, { hostname, port }).catch(error => {
    if (options.orAnyPort !== true || !isTaken(error)) throw listenError(error, hostname, port)
    return listen(server, { hostname, port: 0 })
  })
  const { port: actual } = server.address() as AddressInfo
  const url = `http://${nameIn(hostname)}:${actual}`
  return {
    url,
    // Browsers send no fragment, so that the code is in no log.
    signInLink: () => `${url}/#code=${signIn.newCode()}`,
    close: async (graceMs = 10_000) => {
      const closed = new Promise<void>(resolve => void server.close(() => resolve()))
      ending.abort()
      await Promise.all([transactions.close(), options.mcp?.close?.()])
      // A connection is idle as soon as it has its last answer, which may be some time from now.
      const idle = setInterval(() => server.closeIdleConnections(), 20)
      const late = setTimeout(() => server.closeAllConnections(), graceMs)
      await closed
      clearInterval(idle)
      clearTimeout(late)
    },
  }
}

/** An IPv6 address stands in brackets in a URL. */
function nameIn(hostname: string): string {
  return hostname.includes(':') ? `[${hostname}]` : hostname
}

function listen(server: Server, { hostname, port }: { hostname: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, hostname, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

function isTaken(error: Error): boolean {
  return 'code' in error && error.code === 'EADDRINUSE'
}

function listenError(cause: Error, hostname: string, port: number): Error {
  if (isTaken(cause)) {
    return new InvalidInput(`port ${port} of ${hostname} is taken`, {
      hint: 'Choose another with --port, or 0 for any that is free.',
      cause,
    })
  }
  return new Storage(`cannot listen on ${hostname}:${port}: ${cause.message}`, { cause })
}
