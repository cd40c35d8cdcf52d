import { Conflict, InvalidInput } from '../../errors.ts'
import { isDamaged } from '../checksums.ts'
import type { SalvagedRows } from '../engine.ts'
import { Connection } from '../sqlite/connection.ts'
import { quoted } from '../worker/jobs/job.ts'
import type { SchemaRow } from './damaged-schema.ts'
import type { PageImage } from './page-image.ts'
import { fits, shapeOf, type TableShape } from './table-shape.ts'
import type { TreePage } from './tree.ts'
import { type FoundRow, rowsOn, type Visit, walk } from './walk.ts'

/** How many rows a page that cannot be read may count for, where nothing tells how many lay on it and below. */
const maxRowsOfPage = 500

/** A table of a damaged database, and the one of the new store that its rows go to. */
export class SalvagedTable {
  readonly root: number
  readonly shape: TableShape
  readonly #image: PageImage
  readonly #fresh: Connection
  readonly #indexes: readonly number[]
  /** The place in a record, and the column of the new table that it goes to. */
  readonly #targets: readonly (readonly [number, string])[]
  readonly #stored = new Set<number>()
  readonly #unread: Visit[] = []
  #unreadRows = 0
  /** Rows that are not what was stored, by their row ids where they have one. */
  readonly #damaged = new Set<number | FoundRow>()

  constructor(image: PageImage, fresh: Connection, found: FoundTable) {
    this.#image = image
    this.#fresh = fresh
    this.root = found.root
    this.shape = found.shape
    this.#indexes = found.indexes
    const ours = new Set(
      shapeOf(fresh, found.shape.name).columns.flatMap(column => (column.isGenerated ? [] : column.name)),
    )
    this.#targets = found.shape.columns.flatMap(({ name }, i) => (ours.has(name) ? [[i, name] as const] : []))
  }

  get name(): string {
    return this.shape.name
  }

  /** Whether most of what lies on a page can be rows of this table. */
  accepts(page: TreePage): boolean {
    const rows = rowsOn(page)
    return (
      rows.length === 0 || 2 * rows.filter(row => row && fits(row.values, this.shape)).length >= rows.length
    )
  }

  /** Whether all that lies on a page are rows of this table, with every column that it has. */
  isOfShape(page: TreePage): boolean {
    const isWhole = (row: FoundRow | undefined) =>
      row !== undefined && row.values.length >= this.shape.leastColumns && fits(row.values, this.shape)
    return page.kind === this.shape.kind && page.cells.length > 0 && rowsOn(page).every(isWhole)
  }

  /** Stores the rows to which the root leads. */
  takeReachable(visited: Set<number>): void {
    const tree = { root: this.root, kind: this.shape.kind, accepts: (page: TreePage) => this.accepts(page) }
    for (const visit of walk(this.#image, tree, visited)) {
      if (visit.page === undefined) this.#unread.push(visit)
      else this.#take(visit.page, 'replace')
    }
  }

  /** Stores those rows of another page that are not there yet. */
  takeMissing(page: TreePage): void {
    this.#take(page, 'ignore')
  }

  /** To be asked when all rows were taken. */
  count(): SalvagedRows {
    return {
      recovered: Number(this.#fresh.value(`select count(*) from ${quoted(this.name)}`)),
      lost: this.#listed()?.filter(id => !this.#isFound(id)).length ?? this.#estimate(),
      damaged: this.#damaged.size,
    }
  }

  #take(page: TreePage, orElse: 'replace' | 'ignore'): void {
    for (const row of rowsOn(page)) {
      if (row !== undefined && (this.#isDamaged(row) || this.#store(row, orElse))) continue
      if (orElse === 'replace') this.#unreadRows++
    }
  }

  /** A row whose checksum is wrong is left out, and so is what else is found under its row id: an older state of it. */
  #isDamaged(row: FoundRow): boolean {
    const { rowid, values } = row
    if (rowid !== undefined && this.#damaged.has(rowid)) return true
    const cells = Object.fromEntries(this.shape.columns.map(({ name }, i) => [name, values[i]]))
    const { rowidColumn } = this.shape
    if (!isDamaged(this.name, rowidColumn === undefined ? cells : { ...cells, [rowidColumn]: rowid }))
      return false
    this.#damaged.add(rowid ?? row)
    return true
  }

  #isFound(rowid: number): boolean {
    return this.#stored.has(rowid) || this.#damaged.has(rowid)
  }

  #store({ rowid, values }: FoundRow, orElse: 'replace' | 'ignore'): boolean {
    if (values.length > this.shape.columns.length) return false
    const cells = this.#targets.filter(([place]) => place < values.length)
    const named = cells.map(([place, column]) => [column, values[place] ?? null] as const)
    const all = named.filter(([column]) => column !== this.shape.rowidColumn)
    if (rowid !== undefined) all.push(['rowid', rowid])
    const columns = all.map(([column]) => quoted(column)).join(', ')
    const places = all.map(() => '?').join(', ')
    const text = `insert or ${orElse} into ${quoted(this.name)} (${columns}) values (${places})`
    const isStored = isAccepted(() =>
      this.#fresh.run(
        { text, reads: false, touchesMemory: false },
        all.map(([, value]) => value),
      ),
    )
    if (isStored && rowid !== undefined) this.#stored.add(rowid)
    return isStored
  }

  /** The row ids of which an index of the table knows; undefined when none can be read whole. */
  #listed(): number[] | undefined {
    if (this.shape.kind !== 'table') return undefined
    const ids = new Set<number>()
    let isWhole = false
    for (const root of this.#indexes) {
      let isRead = true
      const tree = { root, kind: 'index' as const, accepts: () => true }
      for (const { page } of walk(this.#image, tree, new Set())) {
        for (const row of page === undefined ? [undefined] : rowsOn(page)) {
          const id = row?.values.at(-1)
          if (typeof id === 'number') ids.add(id)
          else isRead = false
        }
      }
      isWhole ||= isRead
    }
    return isWhole ? [...ids] : undefined
  }

  /** How many rows are missing at least, by the row ids between which a page cannot be read. */
  #estimate(): number {
    const missing = this.#unread.map(({ after, upTo }) => {
      const ids = upTo - after
      if (!(ids <= maxRowsOfPage)) return 1
      return Array.from({ length: ids }, (_, i) => after + 1 + i).filter(id => !this.#isFound(id)).length
    })
    return missing.reduce((sum, rows) => sum + rows, this.#unreadRows)
  }
}

/** Where a table is in a damaged database. */
export interface FoundTable {
  readonly shape: TableShape
  readonly root: number
  /** The roots of its indexes that list all of its rows, or some. */
  readonly indexes: readonly number[]
}

/** The shape that a table has in a damaged database, which may be older, by what made it. */
export function shapeBySql({ name, sql }: SchemaRow): TableShape | undefined {
  const scratch = new Connection(':memory:', { readOnly: false })
  try {
    if (sql === null || !isAccepted(() => scratch.runForeign({ mode: 'execute', text: sql, params: [] })))
      return undefined
    return shapeOf(scratch, name)
  } finally {
    scratch.close()
  }
}

/** False for what breaks a rule of the new store: it came from a damaged page. */
export function isAccepted(work: () => unknown): boolean {
  try {
    work()
    return true
  } catch (error) {
    if (error instanceof Conflict || error instanceof InvalidInput) return false
    throw error
  }
}
