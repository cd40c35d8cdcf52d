import { pathToFileURL } from 'node:url'
import { Corrupt, HivewaxError } from '../../../errors.ts'
import type { Connection } from '../../sqlite/connection.ts'
import { connected, type JobContext, problems } from './job.ts'

/**
 * Whether a database and the log beside it belong together. They do not where they are of two stores; nor where the file is
 * sound alone and damaged by the log: pages of two states of a store make none. What is damaged either way is no case for
 * this.
 */
export async function doMatch({ file, waitMs }: JobContext): Promise<boolean> {
  const both = reader(file, waitMs)
  const alone = reader(`${pathToFileURL(file).href}?immutable=1`, waitMs)
  if (!isSameStore(await alone(applied, []), await both(applied, []))) return false
  return (await both(isSound, true)) || !(await alone(isSound, true))
}

/** Runs what looks at a file; a damage that is in the way comes as undefined, and anything else as what is given for it. */
function reader(location: string, waitMs: number) {
  return async <T>(look: (connection: Connection) => T, otherwise: T): Promise<T | undefined> => {
    try {
      return await connected(location, { readOnly: true, waitMs }, look)
    } catch (error) {
      if (error instanceof Corrupt) return undefined
      if (error instanceof HivewaxError) return otherwise
      throw error
    }
  }
}

function isSound(connection: Connection): boolean {
  return problems(connection).length === 0
}

/** When each migration was applied, which tells stores apart that were not copied from one another. */
function applied(connection: Connection): string[] {
  return [...connection.iterate('select applied_at from hivewax_migrations order by id', [])].map(row =>
    String(row.applied_at),
  )
}

/** As far as both have come: the log may hold what the file was created with, and later migrations. */
function isSameStore(one: readonly string[] = [], other: readonly string[] = []): boolean {
  return one.every((time, i) => other[i] === undefined || other[i] === time)
}
