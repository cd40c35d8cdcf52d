import { InvalidInput } from '../errors.ts'
import { checkInteger, describe } from './check.ts'
import type { Json } from './json.ts'
import type { Names } from './options.ts'

/** One page of a list. `cursor` is undefined on the last page; else pass it back to go on after it. */
export interface Page<T> {
  items: T[]
  cursor: string | undefined
}

/** What every list takes. */
export interface PageOptions {
  /** How many items at most: 1 to 10,000, default 100. */
  limit?: number | undefined
  /** The cursor of the page before. */
  cursor?: string | undefined
  /** Ends a call that looks through many records, between two steps; the promise then rejects with the signal's reason. */
  signal?: AbortSignal | undefined
}

export const pageNames: Names<keyof PageOptions> = { limit: true, cursor: true, signal: true }

const defaultLimit = 100
export const maxLimit = 10_000

/** The checked limit of a list. */
export function pageLimit(limit: number | undefined): number {
  return limit === undefined ? defaultLimit : checkInteger('limit', limit, 1, maxLimit)
}

/** How many items {@link allItems} reads at once. */
const walkLimit = 500

/** All items of a list, read page by page. */
export async function* allItems<T>(
  read: (page: { limit: number; cursor: string | undefined }) => Promise<Page<T>>,
): AsyncGenerator<T> {
  for (let cursor: string | undefined, isLast = false; !isLast; isLast = cursor === undefined) {
    const page = await read({ limit: walkLimit, cursor })
    yield* page.items
    cursor = page.cursor
  }
}

/** What a list makes of its rows. */
interface RowReader<Row, T> {
  item: (row: Row) => T
  /** What the order of the list needs to go on after an item. */
  position: (row: Row) => Json[]
}

/** Cuts a page from rows that were read with `limit + 1`, so that the extra row shows whether more follow. */
export function toPage<Row, T>(rows: Row[], limit: number, { item, position }: RowReader<Row, T>): Page<T> {
  const last = rows.length > limit ? rows[limit - 1] : undefined
  const cursor = last === undefined ? undefined : encodeCursor(position(last))
  return { items: rows.slice(0, limit).map(item), cursor }
}

function encodeCursor(position: Json[]): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url')
}

/** The position that a cursor names, or undefined at the start. A cursor that we did not make is InvalidInput. */
export function cursorPosition(cursor: string | undefined, parts: number): (string | number)[] | undefined {
  if (cursor === undefined) return undefined
  try {
    const position: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString())
    if (Array.isArray(position) && position.length === parts && position.every(isScalar)) return position
  } catch {}
  throw new InvalidInput(`cursor ${describe(cursor)} is not one that this list returned`)
}

function isScalar(value: unknown): value is string | number {
  return typeof value === 'string' || typeof value === 'number'
}
