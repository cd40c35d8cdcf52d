import type { Db } from '../db/db.ts'
import type { TextEntry } from '../db/fulltext.ts'
import { sql } from '../db/sql.ts'
import { LoopTurns } from '../util/loop-turns.ts'
import { type Change, eventsMarked, readChanges } from './changes.ts'
import { entryOf, readRows, type Source, type SourceRow, sources, textLength } from './sources.ts'

/** How many records one statement reads: their texts may be long. */
const sliceSize = 64

/** How much text makes a batch, in characters for each record that it may have. */
const maxLengthEach = 256

/**
 * What the next batch will put into the index, made before its transaction begins: to take texts apart is half of the
 * work, and keeps nobody from writing. A record that has changed by then is made anew.
 */
export class PreparedEntries {
  readonly #known = new Map<string, { row: SourceRow; entry: TextEntry }>()

  /**
   * Makes the entries of the oldest changes that wait.
   * @returns how many changes make a batch: up to `limit`, fewer where texts are long, at least one
   */
  async prepare(db: Db, limit: number): Promise<number> {
    this.#known.clear()
    const turns = new LoopTurns()
    const changes = await oldest(db, limit)
    let length = 0
    for (let from = 0; from < changes.length; from += sliceSize) {
      const rows = await rowsOf(db, changes.slice(from, from + sliceSize))
      for (const { source, row, place } of rows) {
        length += textLength(row)
        if (length > maxLengthEach * limit && from + place > 0) return from + place
        this.#known.set(nameOf(source, row), { row, entry: entryOf(source, row) })
        await turns.give()
      }
    }
    return Math.max(1, changes.length)
  }

  /** The entry of a record as it is now. */
  of(source: Source, row: SourceRow): TextEntry {
    const known = this.#known.get(nameOf(source, row))
    return known !== undefined && isSameText(known.row, row)
      ? { ...known.entry, expiresAt: row.expires_at }
      : entryOf(source, row)
  }
}

/** The changes that the next batch takes, in its order: it marks the next events behind those that wait. */
async function oldest(db: Db, limit: number): Promise<Pick<Change, 'source' | 'ref'>[]> {
  const changes = await readChanges(db, 'oldest', limit)
  if (changes.length === limit) return changes
  const events = await db.all<{ ref: number }>(
    sql`select id as ref from events where id > ${eventsMarked} order by id limit ${limit - changes.length}`,
  )
  return [...changes, ...events.map(({ ref }) => ({ source: 'events', ref: Number(ref) }) as const)]
}

/** The rows of these changes that still exist, each once, in order. */
async function rowsOf(
  db: Db,
  changes: readonly Pick<Change, 'source' | 'ref'>[],
): Promise<{ source: Source; row: SourceRow; place: number }[]> {
  const found: { source: Source; row: SourceRow; place: number }[] = []
  for (const source of sources) {
    const places = new Map(
      changes.flatMap(({ source: name, ref }, i) =>
        name === source.name && ref !== null ? [[ref, i] as const] : [],
      ),
    )
    if (places.size === 0) continue
    for (const row of (await readRows(db, source, [...places.keys()])).values())
      found.push({ source, row, place: places.get(row.ref) ?? 0 })
  }
  return found.sort((a, b) => a.place - b.place)
}

function nameOf(source: Source, { ref }: SourceRow): string {
  return `${source.name} ${ref}`
}

function isSameText(a: SourceRow, b: SourceRow): boolean {
  return (['owner', 'name', 'body', 'more', 'rest'] as const).every(column => a[column] === b[column])
}
