import fs from 'node:fs'
import path from 'node:path'
import type { Message, Params } from './fixture.ts'

/** What a client started once: the server, or a hook. */
interface Started {
  /** Such as `mcp`, or `hook Stop`. */
  readonly args: readonly string[]
  readonly env: Record<string, string>
  readonly input: string
  readonly output: string
}

/** What a client and our programs said to each other in a session. */
export interface Wire {
  readonly env: Record<string, string>
  readonly opening: readonly Message[]
  readonly calls: readonly WireCall[]
  /** In the order in which they were started. */
  readonly hooks: readonly Started[]
}

interface WireCall {
  readonly params: Params
  /** The text of the answer. */
  readonly text: string
}

/** What the programs read of the environment that a client gives them. */
export const recordedVariables = ['CLAUDE_CODE_SESSION_ID']

const openings = ['server/discover', 'initialize', 'notifications/initialized']

/** Where a program keeps what it says, so that what was started later comes later. */
export function wireBase(folder: string, args: readonly string[]): string {
  const time = process.hrtime.bigint().toString().padStart(20, '0')
  return path.join(folder, `${time}.${encodeURIComponent(args.join(' '))}`)
}

/** Takes what was kept in a folder since it was last asked. */
export function takeWire(folder: string): Wire {
  const bases = new Set(fs.readdirSync(folder).map(name => name.replace(/\.(env|in|out)$/, '')))
  const started = [...bases].sort().map(base => read(path.join(folder, base)))
  for (const name of fs.readdirSync(folder)) fs.rmSync(path.join(folder, name))
  const server = started.find(one => one.args[0] === 'mcp' && callsOf(one).length > 0)
  return {
    env: server?.env ?? {},
    opening: server === undefined ? [] : openingOf(server),
    calls: server === undefined ? [] : callsOf(server),
    hooks: started.filter(({ args: [command] }) => command === 'hook'),
  }
}

function read(base: string): Started {
  const textOf = (side: string) => {
    const file = `${base}.${side}`
    return fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : ''
  }
  const args = decodeURIComponent(path.basename(base).replace(/^\d+\./, '')).split(' ')
  return { args, env: JSON.parse(textOf('env')), input: textOf('in'), output: textOf('out') }
}

function openingOf({ input }: Started): Message[] {
  return messagesIn(input)
    .filter(({ method }) => openings.includes(method))
    .map(({ id, method, params }) => ({ id, method, params }))
}

function callsOf({ input, output }: Started): WireCall[] {
  const answers = new Map(messagesIn(output).map(({ id, result }) => [id, result]))
  return messagesIn(input)
    .filter(({ method }) => method === 'tools/call')
    .map(({ id, params = {} }) => ({ params, text: answers.get(id)?.content?.[0]?.text ?? '' }))
}

// biome-ignore lint/suspicious/noExplicitAny: as JSON.parse has it
function messagesIn(text: string): any[] {
  return text
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line))
}
