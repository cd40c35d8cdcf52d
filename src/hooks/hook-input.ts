import { InvalidInput } from '../errors.ts'
import type { HookClient, HookFields } from './hook-client.ts'

/** What a client has passed to a hook. */
export interface HookInput {
  readonly client: HookClient
  /** In the words of Claude Code. */
  readonly fields: HookFields
}

/** Clients send no larger input; a summary of a session has some thousand characters. */
const maxBytes = 8 * 1024 * 1024

/** The JSON object on the standard input; an empty one when nothing comes, or a terminal is there. */
export async function readInput(): Promise<HookFields> {
  if (process.stdin.isTTY) return {}
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of process.stdin) {
    bytes += chunk.length
    if (bytes > maxBytes)
      throw new InvalidInput(`the input is larger than ${maxBytes} bytes`, {}, 'too_large')
    chunks.push(chunk)
  }
  return parseInput(Buffer.concat(chunks).toString())
}

function parseInput(text: string): HookFields {
  if (text.trim() === '') return {}
  let input: unknown
  try {
    input = JSON.parse(text)
  } catch (error) {
    throw new InvalidInput('the input is not JSON', { cause: error })
  }
  if (typeof input === 'object' && input !== null && !Array.isArray(input)) return { ...input }
  throw new InvalidInput('the input is not a JSON object')
}

/** A field that holds text, cut to a length; undefined when it is missing, empty or something else. */
export function textOf({ fields }: HookInput, field: string, longest = 4_000): string | undefined {
  const value = fields[field]
  if (typeof value !== 'string' || value.trim() === '') return undefined
  return value.slice(0, longest).toWellFormed().replaceAll('\0', '')
}

/** A field that names something: one that is too long for an id is none. */
export function idOf(input: HookInput, field: string): string | undefined {
  const id = textOf(input, field, 121)
  return id === undefined || id.length > 120 ? undefined : id
}
