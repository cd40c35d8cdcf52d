import type { Json } from '../util/json.ts'
import { escaped, sliced } from '../util/model-text.ts'

/** What one line may take, in characters, and what a value in it may. */
export const lineLength = 300
const valueLength = 160

/** Stored text or a stored value, within a line: as JSON, which no line break and no mark of ours is part of. */
export function quote(value: Json, longest = valueLength): string {
  return cut(escaped(value), longest)
}

export function cut(text: string, longest: number): string {
  return text.length > longest ? `${sliced(text, 0, longest - 1)}…` : text
}

/** To the minute, in UTC. */
export function minute(date: Date): string {
  return `${date.toISOString().slice(0, 16)}Z`
}

/** `by "alice"`, or nothing where it is not known who it was: an author as the store knows it, rather than as it was said. */
export function by(author: string | undefined): string {
  return author === undefined ? '' : ` by ${quote(author)}`
}
