import type { Json } from '../../api/answers.ts'

/** What an attempt ended with, in a line: the message of an error, else its JSON. */
export function brief(error: Json): string {
  if (typeof error === 'string') return error
  if (
    typeof error === 'object' &&
    error !== null &&
    !Array.isArray(error) &&
    typeof error.message === 'string'
  )
    return error.message
  return JSON.stringify(error)
}
