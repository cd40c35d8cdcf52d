import path from 'node:path'
import { InvalidInput } from '../../errors.ts'
import { filesBeside } from '../../util/database-files.ts'

/** Throws unless a backup is all that there is of its name: SQLite would read it with the log of another database. */
export function assertAlone(file: string): void {
  const beside = filesBeside(file).map(name => path.basename(name))
  if (beside.length === 0) return
  throw new InvalidInput(
    `${file} is no backup that is complete alone: beside it lies ${beside.join(' and ')}`,
    {
      hint: `Nothing was changed. If ${path.basename(file)} is a store, use what \`hivewax backup\` makes of it. If it is a backup, the rest is of a database that had its name before: move that elsewhere once no process has it open.`,
      details: { file, beside },
    },
  )
}
