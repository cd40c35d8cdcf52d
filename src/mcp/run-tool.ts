import { InvalidInput } from '../errors.ts'
import type { Operation, Zod } from '../operation.ts'
import type { JsonSchema } from '../schemas.ts'
import { inputSchema } from '../schemas.ts'
import { describe } from '../util/check.ts'
import { assertUnrounded } from '../util/exact-json.ts'
import type { Json } from '../util/json.ts'
import type { Answer } from './answer.ts'
import { briefing } from './briefing.ts'
import { fitItems, fitValue, roomFor } from './budget.ts'
import { type Arguments, ask, type Caller, type ToolCall } from './caller.ts'
import { callSchema, choose } from './describe-tools.ts'
import { cutNote, fitted, listOrValue } from './list-answer.ts'
import { readInput } from './read-input.ts'
import { readRecord } from './read-record.ts'
import { runRead } from './run-read.ts'
import { actionOf, type Tool } from './tools.ts'

const integer: JsonSchema = { type: 'integer' }

/** What a caller asks a tool to do. */
interface ToolRequest {
  readonly tool: Tool
  readonly args: Arguments
  readonly caller: Caller
}

/** Runs a tool. The answer fits into the caller's budget. */
export async function runTool(z: Zod, { tool, args, caller }: ToolRequest): Promise<Answer> {
  const { maxTokens, action: _, ...given } = args
  const room = roomFor(readInput((maxTokens ?? null) as Json, integer) ?? undefined)
  const operation = choose(z, tool, args) ?? refuse(tool, args)
  assertUnrounded(tool.name, given as { [name: string]: Json })
  try {
    const input = readInput(given as { [name: string]: Json }, callSchema(z, operation)) as Arguments
    return await answer(z, { operation, input: { ...operation.mcp?.assumed, ...input }, caller, room })
  } catch (error) {
    throw explained(z, operation, error)
  }
}

async function answer(z: Zod, call: ToolCall): Promise<Answer> {
  const { effect, mcp } = call.operation
  if (mcp?.answer === 'record') return readRecord(call)
  if (mcp?.answer === 'claims') return claim(call)
  if (mcp?.answer === 'briefing') return briefing(call.caller, call.room, call.input)
  return effect === 'read' ? runRead(z, call) : write(call)
}

function refuse(tool: Tool, args: Arguments): never {
  if (tool.chosenBy === 'fields') {
    const given = Object.keys(args).join(', ') || 'nothing'
    throw new InvalidInput(`${tool.name} got ${given}, which is not enough`, { hint: tool.description })
  }
  const actions = tool.operations.map(operation => actionOf(tool, operation)).join(', ')
  throw new InvalidInput(`action must be one of ${actions}, got ${describe(args.action)}`)
}

/** Describes the input of an operation, for a caller whose input was not understood. */
function explained(z: Zod, operation: Operation, error: unknown): unknown {
  if (!(error instanceof InvalidInput) || error.code !== 'invalid_input' || error.hint !== undefined)
    return error
  const { properties = {}, required = [] } = inputSchema(z, operation)
  const fields = Object.keys(properties).map(name => (required.includes(name) ? name : `${name}?`))
  const hint = `${operation.name} takes { ${fields.join(', ')} }.`
  return new InvalidInput(error.message, { hint, cause: error })
}

async function write(call: ToolCall): Promise<Answer> {
  const { operation, input, caller, room } = call
  const list = listOrValue(await ask(operation, input, caller))
  if (!('items' in list)) return fitted(call, list.value)
  const { items } = fitItems(list.items, room)
  const more = list.items.length - items.length
  return { data: items, ...(more > 0 && { more, note: `${more} more, not shown.` }) }
}

/** Room for a claimed task: the caller must see every id and token. */
const claimRoom = 800

/** Claims no more tasks than the answer can show. */
async function claim({ operation, input: { limit, ...input }, caller, room }: ToolCall): Promise<Answer> {
  const most = Math.floor(room / claimRoom)
  const isTooMany = typeof limit === 'number' && limit > most
  const wish = limit === undefined ? {} : { limit: isTooMany ? most : limit }
  const claimed = listOrValue(await ask(operation, { ...input, ...wish }, caller))
  const items = 'items' in claimed ? claimed.items : []
  const shown = items.map(task => fitTask(task, Math.floor(room / items.length) - 1))
  const notes = [
    isTooMany && `maxTokens has room for ${most} tasks at a time.`,
    shown.some(({ isCut }) => isCut) && cutNote(operation),
    items.length === 0 && 'Nothing to do.',
  ].filter(Boolean)
  return { data: shown.map(({ value }) => value), ...(notes.length > 0 && { note: notes.join(' ') }) }
}

/** At the very least what it takes to work on it. */
function fitTask(task: Json, room: number): { value: Json; isCut: boolean } {
  const short = fitValue(task, room)
  if (typeof short.value !== 'string') return short
  const { id = null, token = null } = task as Record<string, Json>
  return { value: { id, token }, isCut: true }
}
