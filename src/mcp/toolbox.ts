import {
  type CallToolResult,
  type Tool as McpTool,
  ProtocolError,
  ProtocolErrorCode,
} from '@modelcontextprotocol/server'
import type { Zod } from '../operation.ts'
import { toResult } from './answer.ts'
import type { Arguments, Caller } from './caller.ts'
import { describeTools } from './describe-tools.ts'
import { runTool } from './run-tool.ts'
import { tools } from './tools.ts'

/** The tools that a server offers. */
export interface Toolbox {
  readonly list: readonly McpTool[]
  /** Rejects with what goes wrong. */
  call(name: string, args: Arguments, caller: Caller): Promise<CallToolResult>
}

/** Others whose tools can be answered instead of our own: of claude-flow, and Anthropic's memory tool. */
export type Compat = 'claude-flow' | 'memory-tool'

/** The tools that a server offers: its own, or those of another product. */
export async function toolboxFor(compat: Compat | undefined): Promise<Toolbox> {
  if (compat === 'claude-flow') return (await import('./claude-flow-toolbox.ts')).claudeFlowToolbox
  if (compat === 'memory-tool') return (await import('./memory-toolbox.ts')).memoryToolbox
  const { z } = await import('zod')
  return ownToolbox(z)
}

function ownToolbox(z: Zod): Toolbox {
  return {
    list: describeTools(z),
    call: async (name, args, caller) => {
      const tool = tools.find(tool => tool.name === name) ?? noTool(name)
      return toResult(await runTool(z, { tool, args, caller }))
    },
  }
}

export function noTool(name: string): never {
  throw new ProtocolError(ProtocolErrorCode.InvalidParams, `there is no tool ${JSON.stringify(name)}`)
}
