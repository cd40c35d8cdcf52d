import type { CallToolResult } from '@modelcontextprotocol/server'
import { HivewaxError } from '../errors.ts'
import type { Json } from '../util/json.ts'
import { delimited, harmless, notice } from '../util/model-text.ts'
import { fitValue, plain, roomFor } from './budget.ts'

/** What a tool has found or done: stored data, or text that is marked as such already. */
export type Answer = DataAnswer | { text: string }

interface DataAnswer {
  data: Json
  /** What more there is to show, and how to get it. */
  note?: string
  /** How many items are left out, at least. */
  more?: number
  /** Go on with this. */
  cursor?: string
}

/**
 * An answer for a client, as text alone: of structured content beside it some clients show the model one, some the
 * other and some both, and only in text do marks stand around what is stored.
 */
export function toResult(answer: Answer): CallToolResult {
  return { content: [{ type: 'text', text: toText(answer) }] }
}

/** The text of an answer. */
export function toText(answer: Answer): string {
  return 'text' in answer ? answer.text : marked(answer)
}

function marked({ data, note, cursor }: DataAnswer): string {
  const warning = holdsText(data) ? notice : undefined
  const going = cursor === undefined ? [] : [`Go on with cursor ${JSON.stringify(cursor)}.`]
  const head = harmless([warning, note, ...going].filter(text => text !== undefined).join(' '))
  return head === '' ? delimited(data) : `${head}\n${delimited(data)}`
}

/** Whether anything in it could be read as words to follow. */
function holdsText(data: Json): boolean {
  if (typeof data === 'object' && data !== null) {
    return Object.entries(data).some(([name, inner]) => holdsText(inner) || !/^\w{1,40}$/.test(name))
  }
  return typeof data === 'string'
}

/** An error as the answer of a tool: the client goes on, and the model reads what it can do. */
export function toErrorResult(error: unknown): CallToolResult {
  const known = error instanceof HivewaxError ? error : unexpected(error)
  const { code, message, hint, details } = known.toJSON()
  const hints = [hint, known.retryable ? 'Try again.' : undefined].filter(text => text !== undefined)
  const lines = [`${code}: ${message}`, ...hints.map(text => `Hint: ${text}`)].map(harmless)
  const shown = details && fitValue(plain(details), roomFor()).value
  if (shown !== undefined) lines.push(delimited(shown))
  return { isError: true, content: [{ type: 'text', text: lines.join('\n') }] }
}

function unexpected(error: unknown): HivewaxError {
  const why = error instanceof Error ? error.message : String(error)
  return new HivewaxError('storage', `unexpected failure: ${why}`)
}
