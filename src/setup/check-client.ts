import path from 'node:path'
import { InvalidInput, Unauthorized } from '../errors.ts'
import { isObject, type Json } from '../util/json.ts'
import type { ClientName } from './client-names.ts'
import type { Client, Launch, Places } from './clients.ts'
import { assertHarmless } from './harmless-launch.ts'
import { StdioClient } from './stdio-client.ts'
import { readText } from './text-files.ts'

/** What came of a try to use the memory as a client does. */
export interface Checked {
  readonly client: ClientName
  readonly title: string
  /** The file that says how it starts the server; undefined where none does. */
  readonly file: string | undefined
  /** The name under which it stored a record and read it back; undefined when it could not. */
  readonly agent: string | undefined
  /** Why it could not. */
  readonly problem: string | undefined
}

/** The protocol of most clients of the day. */
const protocolVersion = '2025-06-18'

/** What is stored for a moment. */
const key = 'connection-check'
const namespace = 'hivewax-check'

/** Starts the server as the client's files say, stores a record through it, and reads it back. */
export async function checkClient(client: Client, places: Places): Promise<Checked> {
  const { name, title } = client
  const failed = (problem: string, file?: string): Checked => ({
    client: name,
    title,
    file,
    agent: undefined,
    problem,
  })
  let file: string | undefined
  try {
    const found = launchOf(client, places)
    if (found === undefined) return failed('it is not set up')
    file = found.file
    assertHarmless(found, places)
    const agent = await storeAndRecall(name, found.launch, places.project)
    return { client: name, title, file, agent, problem: undefined }
  } catch (error) {
    if (error instanceof InvalidInput || error instanceof Unauthorized) return failed(error.message, file)
    throw error
  }
}

/** How a client starts the server, in this project before in the user's home. */
function launchOf(client: Client, { project, home }: Places): { file: string; launch: Launch } | undefined {
  const targets = [
    ...client.project.map(target => ({ target, folder: project })),
    ...client.home.map(target => ({ target, folder: home })),
  ]
  for (const { target, folder } of targets) {
    const file = path.resolve(folder, target.file)
    const launch = readLaunch(target, file)
    if (launch) return { file, launch: inWorkspace(launch, project) }
  }
  return undefined
}

/** @throws InvalidInput that names the file, when the client cannot read it either */
function readLaunch({ launch }: Client['project'][number], file: string): Launch | undefined {
  const text = launch && readText(file)
  try {
    return text === undefined ? undefined : launch?.(text.replace(/^\ufeff/, ''))
  } catch (error) {
    if (!(error instanceof InvalidInput)) throw error
    throw new InvalidInput(`${file} cannot be read: ${error.message}`, { cause: error })
  }
}

/** What editors replace before they start a server. */
function inWorkspace(launch: Launch, project: string): Launch {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: what the editors replace
  const args = launch.args.map(word => word.replaceAll('${workspaceFolder}', project))
  return { ...launch, args }
}

/** @returns whom the record says that it was written by */
async function storeAndRecall(name: ClientName, launch: Launch, folder: string): Promise<string> {
  const server = new StdioClient(launch, folder)
  try {
    const clientInfo = { name, version: '0' }
    await server.ask('initialize', { protocolVersion, capabilities: {}, clientInfo })
    server.tell('notifications/initialized')
    return await tryTools(server)
  } finally {
    await server.close()
  }
}

async function tryTools(server: StdioClient): Promise<string> {
  const call = async (tool: string, args: { [field: string]: Json }) => {
    const result = await server.ask('tools/call', { name: tool, arguments: args })
    const text = textOf(result)
    if (result.isError === true) throw new InvalidInput(`${tool} was refused: ${text}`)
    return text
  }
  const value = process.pid
  await call('remember', { key, namespace, value, ttl: 60 })
  const recalled = recordIn(await call('recall', { key, namespace }))
  await call('forget', { key, namespace })
  const { author = null } = recalled
  if (recalled.value === value && isObject(author)) return String(author.agent)
  throw new InvalidInput('what was stored was not read back')
}

function textOf({ content }: { [name: string]: Json }): string {
  const [first] = Array.isArray(content) ? content : []
  return first !== undefined && isObject(first) && typeof first.text === 'string' ? first.text : ''
}

/** The record in an answer of the server, which stands between marks. */
function recordIn(text: string): { [field: string]: Json } {
  const json = text.split('\n').find(line => line.startsWith('{')) ?? '{}'
  return JSON.parse(json)
}
