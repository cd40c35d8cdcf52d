import { type Author, authorFrom } from '../../db/author.ts'
import type { Json } from '../../util/json.ts'

/** Who wrote something, as people read it: `coder-1 (cli)`. */
export function authorText({ agent, via }: Author): string {
  return `${agent} (${via})`
}

/** A record as people read it: its author is a text. */
export function withAuthor(record: object): object {
  if (!('author' in record)) return record
  const author = authorFrom(record.author as Json | undefined)
  return author === undefined ? record : { ...record, author: authorText(author) }
}
