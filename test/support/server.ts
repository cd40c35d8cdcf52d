import diagnostics from 'node:diagnostics_channel'
import type { Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import { type ServeOptions, type Serving, serve } from '../../src/http/http-server.ts'
import type { Memory } from '../../src/memory.ts'
import { type OpenOptions, openMemory } from '../../src/open.ts'
import { newTokenText, writeToken } from '../../src/tokens/token.ts'
import { openScratch } from './memory.ts'
import { caller } from './requests.ts'

/** A server of a memory on a port of its own, closed after the test, and its owner's token. */
export async function startHttp(
  memory: Memory,
  options: Partial<ServeOptions> = {},
): Promise<Serving & { token: string }> {
  const token = writeToken(newTokenText())
  const serving = await serve({ memory, ownerToken: token, port: 0, ratePerSecond: 1_000_000, ...options })
  onTestFinished(() => serving.close(0))
  return { ...serving, token }
}

/** A server of a new store, and what its owner sends. */
export async function serveScratch(options: Partial<ServeOptions> = {}) {
  const memory = await openScratch()
  const serving = await startHttp(memory, options)
  const { port } = new URL(serving.url)
  return { memory, serving, port, owner: caller(serving, serving.token), url: serving.url }
}

/** The servers' ends of the connections by which requests come from now on, one for each request. */
export function socketsOfServers(): readonly Socket[] {
  const channel = 'http.server.request.start'
  const sockets: Socket[] = []
  const add = (message: unknown) => void sockets.push((message as { socket: Socket }).socket)
  diagnostics.subscribe(channel, add)
  onTestFinished(() => void diagnostics.unsubscribe(channel, add))
  return sockets
}

/** A handle on a new store through a server. */
export async function openHttpScratch({ agentId, ...options }: OpenOptions = {}): Promise<Memory> {
  const { url, token } = await startHttp(await openScratch(options))
  const memory = await openMemory(url, { agentId, token, maxValueBytes: options.maxValueBytes })
  onTestFinished(() => memory.close())
  return memory
}
