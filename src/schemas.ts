import type { Zod } from './operation.ts'

/** The pieces that inputs of many operations share. Each takes zod, see `operation.ts`. */

/** Any JSON value. On a command line: JSON when it parses, else the text itself. */
export const json = (z: Zod, description: string) => z.json().describe(description)

export const namespace = (z: Zod) => z.string().optional().describe('Namespace; default: default')

/** `limit` and `cursor`, for every list. */
export const page = (z: Zod) => ({
  limit: z.number().int().min(1).max(10_000).optional().describe('How many at most; default 100'),
  cursor: z.string().optional().describe('Go on after the page that returned this cursor'),
})

/** A moment: ISO 8601 text at the doors, a Date inside. */
export const time = (z: Zod, description: string) => z.coerce.date().describe(description)
