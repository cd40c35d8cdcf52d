import { isObject, type Json } from '../util/json.ts'

/** Who wrote a record, as the store knows it and no caller can say. */
export interface Author {
  /** The agent, or else the person or the token that acted. */
  agent: string
  /** The client's session in which it acted, where its name does not tell it. */
  session?: string
  /** The door it came through: `library`, `cli`, `http`, `hook`, `upkeep`, or `mcp:` and the client. */
  via: string
  /** Who has brought the record here from another store. */
  importedBy?: Omit<Author, 'importedBy'>
}

/** The store itself, which removes, releases and wakes what is due. */
export const upkeep: Author = { agent: 'hivewax', via: 'upkeep' }

/** How many authors a process remembers. A store has few. */
const mostKnown = 1_000

const known = new Map<string, Author>()

/** The text of an author in the columns `author`. */
export function encodeAuthor({ agent, session, via, importedBy }: Author): string {
  return JSON.stringify({ agent, session, via, importedBy })
}

/** The author of a row; undefined where it is older than authors are, or other SQL has written it. */
export function decodeAuthor(text: string | null): Author | undefined {
  if (text === null) return undefined
  const found = known.get(text)
  if (found !== undefined) return { ...found }
  const author = parse(text)
  if (known.size >= mostKnown) known.clear()
  if (author !== undefined) known.set(text, author)
  return author && { ...author }
}

/** The author of a record that comes from another store: whoever wrote it there, where that is known. */
export function importedAuthor(importer: string, brought?: Author): string {
  const by: Author = { ...(decodeAuthor(importer) ?? upkeep), via: 'import' }
  return encodeAuthor(brought === undefined ? by : { ...brought, importedBy: by })
}

/** An author that a file names; undefined for anything else. */
export function authorFrom(value: Json | undefined): Author | undefined {
  if (value === undefined || !isObject(value)) return undefined
  const { agent, session, via, importedBy } = value
  if (typeof agent !== 'string' || typeof via !== 'string') return undefined
  const by = authorFrom(importedBy)
  return { agent, ...(typeof session === 'string' && { session }), via, ...(by && { importedBy: by }) }
}

/** What other SQL has put into the column need not be an author. */
function parse(text: string): Author | undefined {
  try {
    return authorFrom(JSON.parse(text))
  } catch {
    return undefined
  }
}
