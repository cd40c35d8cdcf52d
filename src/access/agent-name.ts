/** What Claude Code calls itself, over MCP and hence in the names of its agents. */
export const claudeCode = 'claude-code'

/** How much of the name of a client goes into that of its agent, in characters. */
const longestClient = 100

/** How much of the id of a session does. */
const idLength = 8

/** The agent of a client whose sessions are not told apart, by the name that the client gives itself. */
export function clientAgent(client: string | undefined): string {
  const name = (client ?? '')
    .toWellFormed()
    .replace(/[^\p{L}\p{N}._-]+/gu, '-')
    .slice(0, longestClient)
    .toWellFormed()
  return name.replace(/^-+$/, '') || 'mcp'
}

/** The door of a client, as authors name it; `mcp` for one that gives no name. */
export function mcpDoor(client: string | undefined): string {
  return client === undefined ? 'mcp' : `mcp:${clientAgent(client)}`
}

/** The agent of one session of a client: `claude-code-5f0c2a1e`. */
export function sessionAgent(client: string | undefined, session: string): string {
  return `${clientAgent(client)}-${clientAgent(session).slice(0, idLength)}`
}
