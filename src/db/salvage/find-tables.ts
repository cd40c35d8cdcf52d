import type { Connection } from '../sqlite/connection.ts'
import { rowTables } from '../worker/jobs/objects.ts'
import { type DamagedSchema, schemaOf } from './damaged-schema.ts'
import type { PageImage } from './page-image.ts'
import { isAccepted, SalvagedTable, shapeBySql } from './salvaged-table.ts'
import { shapeOf, type TableShape } from './table-shape.ts'

/** Made anew rather than copied: the schema's own history, and the full-text index. */
const derived = /^hivewax_(migrations|find.*)$/

/**
 * The tables of a damaged database. Where its schema is not whole, those that it lacks are where the new store has them:
 * the roots of tables lie at the beginning of a file, in the order in which they were made.
 */
export function findTables(image: PageImage, fresh: Connection, damaged: DamagedSchema): SalvagedTable[] {
  createOwn(fresh, damaged)
  const usual = schemaOf(fresh)
  const known = damaged.isWhole ? damaged.rows : new Map([...usual, ...damaged.rows])
  return rowTables(fresh, 'main').flatMap(name => {
    const row = known.get(name)
    if (row === undefined || derived.test(name)) return []
    const shape = latestShape(shapeBySql(row), shapeOf(fresh, name))
    const indexes = [...known.values()].filter(({ type, table }) => type === 'index' && table === name)
    return new SalvagedTable(image, fresh, {
      shape,
      root: row.root,
      indexes: indexes.map(({ root }) => root),
    })
  })
}

/** Ours, where it has only more columns: rows that lie behind the damage of a log may be newer than the schema before it. */
function latestShape(theirs: TableShape | undefined, ours: TableShape): TableShape {
  if (theirs === undefined) return ours
  const isOlder = theirs.columns.every(({ name }, i) => name === ours.columns[i]?.name)
  return isOlder ? { ...ours, leastColumns: theirs.leastColumns } : theirs
}

/** Makes the tables that the store's owner added; virtual ones first, which make others themselves. */
function createOwn(fresh: Connection, { rows }: DamagedSchema): void {
  const tables = [...rows.values()].filter(({ type, name }) => type === 'table' && !/^sqlite_/.test(name))
  const isVirtual = ({ root }: { root: number }) => root === 0
  for (const { name, sql } of [...tables.filter(isVirtual), ...tables.filter(row => !isVirtual(row))]) {
    if (sql !== null && !schemaOf(fresh).has(name))
      isAccepted(() => fresh.runForeign({ mode: 'execute', text: sql, params: [] }))
  }
}
