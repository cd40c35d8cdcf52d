import { Unsupported } from '../errors.ts'

/** Why a store is only read, and what to do where that is not wanted. */
export interface ReadOnly {
  /** What follows `nothing can be written: `. */
  readonly why: string
  readonly hint: string
}

/** The store was opened to be read, by somebody who may write it perhaps. */
export const askedFor: ReadOnly = {
  why: 'the memory was opened with readOnly',
  hint: 'Open it without readOnly: on the command line without --read-only and HIVEWAX_READ_ONLY.',
}

/** The refusal of a write. */
export function refusal({ why, hint }: ReadOnly): Unsupported {
  return new Unsupported(`nothing can be written: ${why}`, { hint })
}
