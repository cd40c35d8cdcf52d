import { type Author, authorFrom } from '../../db/author.ts'
import type { Json } from '../../util/json.ts'
import { localTime } from './value.ts'

/** Who wrote something, as people read it: `coder-1 (cli)`. */
export function authorText({ agent, via }: Author): string {
  return `${agent} (${via})`
}

/** A record as people read it: who wrote it, and who has redacted it, is a text. */
export function withAuthor(record: object): object {
  const author = 'author' in record ? authorFrom(record.author as Json | undefined) : undefined
  const redacted = 'redacted' in record ? redaction(record.redacted) : undefined
  return {
    ...record,
    ...(author !== undefined && { author: authorText(author) }),
    ...(redacted !== undefined && { redacted }),
  }
}

function redaction(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || !('at' in value) || !('by' in value)) return undefined
  const by = authorFrom(value.by as Json | undefined)
  const at = value.at instanceof Date ? localTime(value.at) : String(value.at)
  return `${at}${by === undefined ? '' : ` by ${authorText(by)}`}`
}
