import type { ClientBase } from 'pg'
import { InvalidInput } from '../../errors.ts'
import type { Row } from '../db.ts'
import { answerLimits, answerTooLarge } from '../foreign-statements.ts'
import type { Bound } from '../sql.ts'

/** A statement of a caller's own. */
export interface ForeignStatement {
  readonly text: string
  readonly params: readonly Bound[]
}

const cursor = 'hivewax_query'

/**
 * The rows of a statement that only reads. Which ones do is for PostgreSQL to say: it is declared as a cursor, which
 * its grammar has for a `select`, `values`, `table` or `with` of these alone, and the planner for none that changes
 * anything in its `with`. What such a statement calls runs in the read-only transaction that the caller of this began.
 */
export async function readAll(
  client: ClientBase,
  { text, params }: ForeignStatement,
  isBounded: boolean,
): Promise<Row[]> {
  const { explain, statement } = parted(text)
  await askOnce(client, `declare ${cursor} no scroll cursor for ${statement}`, params)
  if (explain !== undefined) return askOnce(client, `${explain} ${statement}`, params)
  const { rows } = await client.query<Row>(
    `fetch ${isBounded ? answerLimits.rows + 1 : 'all'} from ${cursor}`,
  )
  if (isBounded && rows.length > answerLimits.rows) throw answerTooLarge(`${answerLimits.rows} rows`)
  return rows
}

/** In the extended protocol a text is one statement: a second one that follows is an error. */
async function askOnce(client: ClientBase, text: string, params: readonly Bound[]): Promise<Row[]> {
  const query = { text, values: [...params], queryMode: 'extended' }
  return (await client.query<Row>(query)).rows
}

const explaining = /^\s*explain(\s+analyze\b|\s+verbose\b|\s*\([\w\s,]*\))*/i

/** There is no cursor for an `explain`, only for what it explains. */
function parted(text: string): { explain?: string; statement: string } {
  const [explain] = explaining.exec(text) ?? []
  return explain === undefined ? { statement: text } : { explain, statement: text.slice(explain.length) }
}

/** @throws InvalidInput for a text that is empty, or of which the server would see a part only */
export function checkText(text: string): void {
  if (text.trim() === '') throw new InvalidInput('the statement is empty')
  if (text.includes('\0')) throw new InvalidInput('the statement has a NUL character')
}
