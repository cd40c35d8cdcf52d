import type { Connection } from '../sqlite/connection.ts'
import type { Value } from './record.ts'
import type { Kind } from './tree.ts'

/** What a column prefers to hold, https://sqlite.org/datatype3.html#determination_of_column_affinity */
type Affinity = 'integer' | 'text' | 'real' | 'any'

interface Column {
  readonly name: string
  readonly affinity: Affinity
  readonly isNullable: boolean
  /** That a row which was stored before the column was added lacks it. */
  readonly mayLack: boolean
  /** That it is made of others, and cannot be set. */
  readonly isGenerated: boolean
}

/** How the rows of a table are stored. */
export interface TableShape {
  readonly name: string
  readonly kind: Kind
  /** In the order of the values of a record. */
  readonly columns: readonly Column[]
  /** How many of them a record has at least, of rows that were stored when its schema was already what it is. */
  readonly leastColumns: number
  /** The column that is the row id itself, whose value the record leaves out. */
  readonly rowidColumn: string | undefined
}

/** The shape of a table as the database of `connection` has it. */
export function shapeOf(connection: Connection, name: string): TableShape {
  const [list] = [
    ...connection.iterate(`select wr from pragma_table_list where schema = 'main' and name = ?`, [name]),
  ]
  const rows = [
    ...connection.iterate('select * from pragma_table_xinfo(?) where hidden <> 2 order by cid', [name]),
  ]
  const keys = rows.filter(row => Number(row.pk) > 0).sort((a, b) => Number(a.pk) - Number(b.pk))
  const isRowid = list?.wr === 0
  const alias = isRowid && keys.length === 1 && /^integer$/i.test(String(keys[0]?.type)) ? keys[0] : undefined
  const stored = isRowid ? rows : [...keys, ...rows.filter(row => !keys.includes(row))]
  return {
    name,
    kind: isRowid ? 'table' : 'index',
    leastColumns: stored.length,
    rowidColumn: alias && String(alias.name),
    columns: stored.map(row => ({
      name: String(row.name),
      affinity: affinityOf(String(row.type)),
      isNullable: row === alias || (row.notnull === 0 && (isRowid || row.pk === 0)),
      mayLack: row.notnull === 0 || row.dflt_value !== null,
      isGenerated: Number(row.hidden) > 1,
    })),
  }
}

function affinityOf(type: string): Affinity {
  if (/int/i.test(type)) return 'integer'
  if (/char|clob|text/i.test(type)) return 'text'
  return /real|floa|doub/i.test(type) ? 'real' : 'any'
}

/** True when the values can be a row of the table. */
export function fits(values: readonly Value[], { columns }: TableShape): boolean {
  if (values.length > columns.length) return false
  return columns.every((column, i) => {
    const value = values[i]
    if (value === undefined) return column.mayLack
    return value === null ? column.isNullable : holds(column.affinity, value)
  })
}

function holds(affinity: Affinity, value: Exclude<Value, null>): boolean {
  if (affinity === 'text') return typeof value === 'string'
  return (
    affinity === 'any' || typeof value === 'number' || (affinity === 'integer' && typeof value === 'bigint')
  )
}
