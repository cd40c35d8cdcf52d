import { Conflict } from '../../errors.ts'
import { progressTable } from './half.ts'
import type { Cell, Side } from './side.ts'
import { copiedTables } from './tables.ts'
import { Tally } from './tally.ts'

/** How far a table has come: its rows so far, and the key of the last as JSON. */
interface Begun {
  tally: Tally
  position: string
}

/** How far a migration has come: kept in its target, and committed with the rows that it tells of. */
export class Progress {
  readonly #target: Side
  readonly #begun = new Map<string, Begun>()

  private constructor(target: Side) {
    this.#target = target
  }

  /**
   * Finds what a run from the same source has left, or begins with an empty target.
   * @throws Conflict when the target holds anything else, unless `force` is given, which empties it
   */
  static async begin(target: Side, source: string, { force, to }: { force: boolean; to: string }) {
    const progress = new Progress(target)
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
    return [...this.#begun.values()].reduce((sum, { tally }) => sum + tally.rows, 0)
  }

  begun(): ReadonlyMap<string, Begun> {
    return this.#begun
  }

  of(name: string): { tally: Tally; after: Cell[] | undefined } {
    const begun = this.#begun.get(name)
    return { tally: begun?.tally ?? new Tally(), after: begun && JSON.parse(begun.position) }
  }

  tallies(): Map<string, Tally> {
    return new Map([...this.#begun].map(([name, { tally }]) => [name, tally]))
  }

  /** To be called in the transaction that stores the rows. */
  async save(name: string, tally: Tally, key: readonly Cell[]): Promise<void> {
    const position = JSON.stringify(key)
    await this.#target.run(
      `insert into ${progressTable} (name, position, tally) values (?, ?, ?)
       on conflict (name) do update set position = excluded.position, tally = excluded.tally`,
      [name, position, String(tally)],
    )
    this.#begun.set(name, { tally, position })
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
        this.#begun.set(String(name), { tally: Tally.parse(String(tally)), position: String(position) })
    const source = rows.find(({ name }) => name === '')
    return source && String(source.position)
  }
}

async function isEmpty(target: Side): Promise<boolean> {
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
