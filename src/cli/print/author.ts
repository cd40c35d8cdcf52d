import { authorFrom } from '../../db/author.ts'
import type { Json } from '../../util/json.ts'

/** A record as people read it: its author is `coder-1 (cli)`. */
export function withAuthor(record: object): object {
  if (!('author' in record)) return record
  const author = authorFrom(record.author as Json | undefined)
  return author === undefined ? record : { ...record, author: `${author.agent} (${author.via})` }
}
