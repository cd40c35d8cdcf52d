import type { Connection } from '../sqlite/connection.ts'
import type { PageImage } from './page-image.ts'
import type { PageMap } from './page-map.ts'
import type { Value } from './record.ts'
import type { TreePage } from './tree.ts'
import { pageOf, rowsOn, walk } from './walk.ts'

/** What a database says of a table, an index or a trigger. */
export interface SchemaRow {
  readonly type: string
  readonly name: string
  /** The table that it belongs to. */
  readonly table: string
  readonly root: number
  readonly sql: string | null
}

/** The schema of a damaged database. */
export interface DamagedSchema {
  readonly rows: ReadonlyMap<string, SchemaRow>
  /** False when there may be more. */
  readonly isWhole: boolean
}

/** Reads the schema, also what the first page does not lead to any more. Notes its pages in `visited`. */
export function readSchema(image: PageImage, map: PageMap, visited: Set<number>): DamagedSchema {
  const rows = new Map<string, SchemaRow>()
  const take = (page: TreePage) => {
    for (const row of schemaRows(page)) if (row !== undefined && !rows.has(row.name)) rows.set(row.name, row)
  }
  // What lies behind a damage of the log may have changed it.
  let isWhole = image.behindDamage.length === 0
  for (const { page } of walk(image, { root: 1, kind: 'table', accepts: isOfSchema }, visited)) {
    if (page === undefined) isWhole = false
    else take(page)
  }
  for (let number = 2; number <= image.count && !isWhole; number++) {
    const page = visited.has(number) || map.ownerOf(number) !== 1 ? undefined : pageOf(image, number)
    if (page === undefined || page.kind !== 'table' || !isOfSchema(page)) continue
    visited.add(number)
    take(page)
  }
  return { rows, isWhole }
}

/** The same of a sound database. */
export function schemaOf(connection: Connection): Map<string, SchemaRow> {
  const rows = [...connection.iterate('select type, name, tbl_name, rootpage, sql from sqlite_schema', [])]
  const found = rows.flatMap(
    ({ type, name, tbl_name, rootpage, sql }) =>
      toSchemaRow([type, name, tbl_name, rootpage, sql] as Value[]) ?? [],
  )
  return new Map(found.map(row => [row.name, row]))
}

function isOfSchema(page: TreePage): boolean {
  return !page.isLeaf || schemaRows(page).some(row => row !== undefined)
}

function schemaRows(page: TreePage): (SchemaRow | undefined)[] {
  return rowsOn(page).map(row => row && toSchemaRow(row.values))
}

function toSchemaRow([type, name, table, root, sql, ...more]: readonly Value[]): SchemaRow | undefined {
  const isOne =
    typeof type === 'string' &&
    typeof name === 'string' &&
    typeof table === 'string' &&
    typeof root === 'number' &&
    (sql === null || typeof sql === 'string') &&
    more.length === 0 &&
    /^(table|index|trigger|view)$/.test(type)
  return isOne ? { type, name, table, root, sql } : undefined
}
