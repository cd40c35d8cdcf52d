import { Conflict } from '../../errors.ts'
import { copiedTables } from './copied-tables.ts'
import type { Cell, Endpoint } from './endpoint.ts'
import { progressTable } from './incomplete-copy.ts'
import { RowChecksum } from './row-checksum.ts'

/** How far a table has come: its rows so far, and the key of the last as JSON. */
export interface TableProgress {
  checksum: RowChecksum
  position: string
}

/** How far a migration has come: kept in its target, and committed with the rows that it counts. */
export class CopyProgress {
  readonly #target: Endpoint
  readonly #begun = new Map<string, TableProgress>()

  private constructor(target: Endpoint) {
    this.#target = target
  }

  /**
   * Finds what a run from the same source has left, or begins with an empty target.
   * @throws Conflict when the target holds anything else, unless `force` is given, which empties it
   */
  static async begin(target: Endpoint, source: string, { force, to }: { force: boolean; to: string }) {
    const progress = new CopyProgress(target)
    const isUnderWay = (await target.tables()).includes(progressTable)
    const former = isUnderWay ? await progress.#load() : undefined
    if (former === source) return progress
    if (!force && former !== undefined) throw otherSource(to, former)
    const isFull = !(await isEmpty(target))
    if (!force && isFull) throw notEmpty(to)
    progress.#begun.clear()
    await target.atomically(async () => {
      if (isFull) await target.empty(copiedTables)
      await target.run(`drop table if exists ${progressTable}`)
      await target.run(
        `create table ${progressTable} (name text primary key, position text not null, tally text)`,
      )
      await target.run(`insert into ${progressTable} (name, position) values ('', ?)`, [source])
    })
    return progress
  }

  /** All rows so far. */
  get rows(): number {
    return [...this.#begun.values()].reduce((sum, { checksum }) => sum + checksum.rows, 0)
  }

  begun(): ReadonlyMap<string, TableProgress> {
    return this.#begun
  }

  of(name: string): { checksum: RowChecksum; after: Cell[] | undefined } {
    const begun = this.#begun.get(name)
    return { checksum: begun?.checksum ?? new RowChecksum(), after: begun && JSON.parse(begun.position) }
  }

  checksums(): Map<string, RowChecksum> {
    return new Map([...this.#begun].map(([name, { checksum }]) => [name, checksum]))
  }

  /** To be called in the transaction that stores the rows. */
  async save(name: string, checksum: RowChecksum, key: readonly Cell[]): Promise<void> {
    const position = JSON.stringify(key)
    await this.#target.run(
      `insert into ${progressTable} (name, position, tally) values (?, ?, ?)
       on conflict (name) do update set position = excluded.position, tally = excluded.tally`,
      [name, position, String(checksum)],
    )
    this.#begun.set(name, { checksum, position })
  }

  async forget(names: readonly string[]): Promise<void> {
    for (const name of names) {
      await this.#target.run(`delete from ${progressTable} where name = ?`, [name])
      this.#begun.delete(name)
    }
  }

  async end(): Promise<void> {
    await this.#target.run(`drop table ${progressTable}`)
  }

  /** Returns the source of the run. */
  async #load(): Promise<string | undefined> {
    const rows = await this.#target.run(`select name, position, tally from ${progressTable}`)
    for (const { name, position, tally } of rows)
      if (name !== '')
        this.#begun.set(String(name), {
          checksum: RowChecksum.parse(String(tally)),
          position: String(position),
        })
    const source = rows.find(({ name }) => name === '')
    return source && String(source.position)
  }
}

async function isEmpty(target: Endpoint): Promise<boolean> {
  for (const { name } of copiedTables)
    if ((await target.run(`select 1 as found from ${name} limit 1`)).length > 0) return false
  return true
}

function otherSource(to: string, former: string): Conflict {
  return new Conflict(`${to} holds a part of another migration, from ${former}`, {
    hint: 'End that one first, or replace what is there with --force.',
  })
}

function notEmpty(to: string): Conflict {
  return new Conflict(`${to} holds records already`, {
    hint: 'Name an empty target, or replace what is there with --force.',
  })
}
