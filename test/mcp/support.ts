import { serve } from '@hono/node-server'
import { Client, StreamableHTTPClientTransport, type Transport } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { onTestFinished } from 'vitest'
import { createMcpHandler, type McpHandler } from '../../src/mcp/mcp.ts'
import type { Memory } from '../../src/memory.ts'
import type { Grant } from '../../src/tokens/token.ts'
import { notice } from '../../src/util/model-text.ts'
import { cliEnv, hivewaxFile } from '../support/cli.ts'

/** The two protocols: the client's default is the older one. */
export const eras = ['legacy', 'modern'] as const
export type Era = (typeof eras)[number]

const newest = '2026-07-28'

async function connect(era: Era, transport: Transport): Promise<Client> {
  const mode = era === 'legacy' ? 'legacy' : { pin: newest }
  const client = new Client({ name: 'tester', version: '1.0.0' }, { versionNegotiation: { mode } })
  await client.connect(transport)
  onTestFinished(() => client.close())
  return client
}

/** A client of `hivewax mcp`, run as a process of its own in a folder. */
export function overStdio(era: Era, folder: string, ...args: string[]): Promise<Client> {
  const env = cliEnv(folder, { HIVEWAX_URL: `${folder}/memory.db` }) as Record<string, string>
  const command = [hivewaxFile, 'mcp', ...args]
  return connect(
    era,
    new StdioClientTransport({ command: process.execPath, args: command, env, cwd: folder }),
  )
}

/** A server that answers MCP over HTTP, in this process. */
export async function httpServer(memory: Memory, grant?: Grant): Promise<{ url: URL; handle: McpHandler }> {
  const handle = createMcpHandler({ memory, grant })
  const { promise, resolve } = Promise.withResolvers<number>()
  const fetch = (request: Request) => handle(request)
  const server = serve({ fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) => resolve(port))
  onTestFinished(async () => {
    await handle.close()
    await new Promise(closed => server.close(closed))
  })
  return { url: new URL(`http://127.0.0.1:${await promise}/mcp`), handle }
}

/** A client of a server over HTTP. */
export async function overHttp(era: Era, memory: Memory, grant?: Grant): Promise<Client> {
  return connectHttp(era, (await httpServer(memory, grant)).url)
}

export function connectHttp(era: Era, url: URL): Promise<Client> {
  return connect(era, new StreamableHTTPClientTransport(url))
}

/** What a tool answered: the text, and what it says in words and between the marks. */
export interface Answered {
  readonly isError: boolean
  readonly text: string
  readonly notice?: string
  readonly note?: string
  // Tests know what they asked for.
  // biome-ignore lint/suspicious/noExplicitAny: as JSON.parse has it
  readonly data?: any
  readonly more?: number
  readonly cursor?: string
  // biome-ignore lint/suspicious/noExplicitAny: as JSON.parse has it
  readonly error?: any
}

/** Calls a tool, whose whole answer is one text. */
export async function ask(
  client: Client,
  name: string,
  args: Record<string, unknown> = {},
): Promise<Answered> {
  const { content, structuredContent, isError = false } = await client.callTool({ name, arguments: args })
  if (structuredContent !== undefined || content.length !== 1) throw new Error('an answer has one form')
  return { isError, ...read((content as { text: string }[])[0]?.text ?? '', isError) }
}

/** The data of an answer; a briefing is lines that quote what is stored. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** Reads an answer as a model does: its words, and the data between the marks. */
export function read(text: string, isError: boolean): Omit<Answered, 'isError'> {
  const [, words = '', json] = /^([\s\S]*?)(?:<hivewax-data>\n([\s\S]*)\n<\/hivewax-data>)?$/.exec(text) ?? []
  const data = json && parsed(json)
  if (isError) {
    const [, code, message] = /^(\w+): (.*)$/m.exec(words) ?? []
    const hint = /^Hint: (.*)$/m.exec(words)?.[1]?.replaceAll('\\u003c', '<')
    return {
      text,
      error: {
        code,
        message: message?.replaceAll('\\u003c', '<'),
        hint,
        details: data,
        retryable: /^Hint: Try again\.$/m.test(words),
      },
    }
  }
  const cursor = /Go on with cursor ("(?:[^"\\]|\\.)*")\./.exec(words)?.[1]
  const note = words
    .replace(notice, '')
    .replace(/Go on with cursor .*$/m, '')
    .trim()
  const more = /(\d+)(?: or)? more/.exec(note)?.[1]
  return {
    text,
    data,
    ...(words.includes(notice) && { notice }),
    ...(note !== '' && { note: note.replaceAll('\\u003c', '<') }),
    ...(more !== undefined && { more: Number(more) }),
    ...(cursor !== undefined && { cursor: JSON.parse(cursor) }),
  }
}
