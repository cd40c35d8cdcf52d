/** The MCP server: on standard input and output, and as a handler of HTTP requests. */

export { createMcpHandler, type McpHandler } from './handler.ts'
export { serveMcp } from './stdio.ts'
