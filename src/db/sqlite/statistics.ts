import { HivewaxError } from '../../errors.ts'
import type { Connection } from './connection.ts'

/** How many rows of an index are looked at: enough to tell how many share a value. */
const sampleRows = 400

/** Up to this many pages of a file are looked through in a few milliseconds. */
const maxPages = 8_192

/** Tables in which FTS5 keeps an index: no plan depends on them, and they are large. */
const isOfFullText = (statement: string) => /"hivewax_find_(data|idx|docsize|config)"/.test(statement)

/**
 * The statements that bring the planner's statistics up to date, one for each table that has none or has grown tenfold since:
 * https://sqlite.org/pragma.html#pragma_optimize with all tables (0x10000), and only told (1) what would be done (2).
 */
export function staleStatistics(connection: Connection): string[] {
  connection.exec(`pragma analysis_limit=${sampleRows}`)
  const rows = [...connection.iterate('pragma optimize=0x10003', [])]
  const statements = rows.flatMap(row => Object.values(row).map(String))
  return statements.filter(text => /^analyze /i.test(text) && !isOfFullText(text))
}

/**
 * Does so for a store that is small, when it is closed: what only short programs use would else never have statistics. A
 * large one was small once, and they tell the shape of its tables; its upkeep renews them.
 */
export function renewStatistics(connection: Connection): void {
  try {
    if (Number(connection.value('pragma page_count')) > maxPages) return
    const statements = staleStatistics(connection)
    if (statements.length > 0) connection.exec(`begin immediate; ${statements.join('; ')}; commit`)
  } catch (error) {
    // Others write, or the disk is full: another program will. A store that has to be closed is closed.
    if (connection.isTransaction) connection.exec('rollback')
    if (!(error instanceof HivewaxError)) throw error
  }
}
