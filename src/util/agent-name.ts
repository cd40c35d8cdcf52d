/** What Claude Code calls itself, over MCP and hence in the names of its agents. */
export const claudeCode = 'claude-code'

/** What some clients add to their names: `codex-mcp-client`, `qwen-cli-mcp-client-<server>`. */
const ofClients = /(?<=.)(-cli)?-mcp-client(-.*)?$/

/** How much of the name of a client goes into that of its agent, in characters. */
const longestClient = 100

/** How much of the id of a session does. */
const idLength = 8

/** The agent of a client whose sessions are not told apart, by the name that the client gives itself. */
export function clientAgent(client: string | undefined): string {
  const name = (client ?? '')
    .toWellFormed()
    .replace(ofClients, '')
    .replace(/[^\p{L}\p{N}._-]+/gu, '-')
    .replace(/^-+/, '')
    .slice(0, longestClient)
    .toWellFormed()
  return name || 'mcp'
}

/** The door of a client, as authors name it; `mcp` for one that gives no name. */
export function mcpDoor(client: string | undefined): string {
  return client === undefined ? 'mcp' : `mcp:${clientAgent(client)}`
}

/** Ids that begin with the time are the same there for whatever begins within a minute: UUIDs of version 7. */
const timed = /^[\da-f]{8}-[\da-f]{4}-7[\da-f-]+$/i

/** The agent of one session of a client: `claude-code-5f0c2a1e`. */
export function sessionAgent(client: string | undefined, session: string): string {
  const id = clientAgent(session)
  return `${clientAgent(client)}-${timed.test(id) ? id.slice(-idLength) : id.slice(0, idLength)}`
}

/** The client whose session an agent is named after; undefined for a name that somebody chose. */
export function clientOf(agent: string): string | undefined {
  return /^(.+)-[\da-f]{8}$/.exec(agent)?.[1]
}
