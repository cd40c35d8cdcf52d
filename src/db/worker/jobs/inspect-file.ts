import { Corrupt, Storage } from '../../../errors.ts'
import type { Extent } from '../../engine.ts'
import type { Connection } from '../../sqlite/connection.ts'
import { connected, type JobContext, problems } from './job.ts'

const reading = (context: JobContext) => ({ readOnly: true, waitMs: context.waitMs })

/** What every table and index takes, from a walk over all pages. */
export async function extents(_input: undefined, context: JobContext): Promise<Extent[]> {
  return connected(context.file, reading(context), connection =>
    [
      ...connection.iterate(
        `select s.name, s.tbl_name, s.type, d.pgsize, d.unused
         from dbstat('main', 1) d join sqlite_schema s on s.name = d.name
         where s.type in ('table', 'index') order by d.pgsize desc, s.name`,
        [],
      ),
    ].map(row => ({
      name: String(row.name),
      table: String(row.tbl_name),
      kind: row.type === 'index' ? ('index' as const) : ('table' as const),
      bytes: Number(row.pgsize),
      unusedBytes: Number(row.unused),
    })),
  )
}

/** What is wrong with the file and with the references in it. */
export async function health(_input: undefined, context: JobContext): Promise<Health> {
  return connected(context.file, reading(context), connection => {
    const damage: string[] = []
    const unlessDamaged = (look: () => string[]) => {
      try {
        return look()
      } catch (error) {
        if (!(error instanceof Corrupt || error instanceof Storage)) throw error
        damage.push(error.message)
        return []
      }
    }
    context.report('integrity', 0)
    const found = unlessDamaged(() => problems(connection))
    context.report('references', 0.9)
    const broken = unlessDamaged(() => brokenReferences(connection))
    return { problems: [...found, ...damage], brokenReferences: broken }
  })
}

export interface Health {
  problems: string[]
  /** `table → parent`, one entry per row that refers to nothing. */
  brokenReferences: string[]
}

function brokenReferences(connection: Connection): string[] {
  const rows = connection.iterate('select "table", parent from pragma_foreign_key_check limit 1000', [])
  return [...rows].map(row => `${row.table} → ${row.parent}`)
}
