import { describe } from './check.ts'

/** Some messages carry all that a program printed: so many characters of them are kept. */
const maxLength = 10_000

/** Name and message of a thrown value, as text that can be stored, also where the value itself has no JSON. */
export function serializeError(error: unknown): { name: string; message: string } {
  if (!(error instanceof Error)) return { name: 'Error', message: toText(error) }
  return { name: toText(error.name), message: toText(error.message) }
}

/** Own fields may have replaced the text that belongs there. */
function toText(value: unknown): string {
  if (typeof value !== 'string') return describe(value)
  return value.length > maxLength ? `${value.slice(0, maxLength).toWellFormed()}…` : value
}
