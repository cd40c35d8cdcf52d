import { type ErrorCode, errorTable } from '../../src/errors.ts'
import { errorTexts } from './error-texts.ts'
import { paragraphs } from './markdown.ts'

/** A heading for each code, with what it means and what to do. */
export function errorCodes(): string {
  return Object.entries(errorTable)
    .map(([code, { status, exit, retryable }]) => {
      // The table has these keys and no others.
      const { what, todo } = errorTexts[code as ErrorCode]
      const again = retryable ? 'trying again may help' : 'trying the same again does not help'
      return paragraphs(
        `### ${code}`,
        `${what} ${todo}`,
        `Exit code ${exit} · HTTP status ${status} · ${again}`,
      )
    })
    .join('\n\n')
}
