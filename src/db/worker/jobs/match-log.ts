import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { Corrupt, HivewaxError } from '../../../errors.ts'
import { journalOf } from '../../../util/database-files.ts'
import { fileError, systemCode } from '../../../util/file-error.ts'
import type { Connection, ConnectionOptions } from '../../sqlite/connection.ts'
import { connected, type JobContext, problems } from './job.ts'

/** Whether a database and the log beside it belong together. */
export function doMatch({ file, waitMs }: JobContext): Promise<boolean> {
  return matches(file, file, { readOnly: true, waitMs })
}

/**
 * Whether a database and the journal beside it belong together, by a copy of both, for SQLite undoes in the file whatever
 * a journal holds. Only for a process of its own, since it opens the files.
 */
export async function matchJournal(_input: undefined, { file, waitMs }: JobContext): Promise<boolean> {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'hivewax-'))
  try {
    const copy = path.join(folder, 'copy.db')
    await fs.copyFile(file, copy)
    // It is gone where the transaction that wrote it has ended since.
    const isLeft = await copyIfThere(journalOf(file), journalOf(copy))
    return !isLeft || (await matches(file, copy, { readOnly: false, waitMs }))
  } catch (error) {
    throw fileError(error, file)
  } finally {
    await fs.rm(folder, { recursive: true, force: true })
  }
}

/** Copies a file, or finds that it is not there. */
async function copyIfThere(file: string, target: string): Promise<boolean> {
  try {
    await fs.copyFile(file, target)
    return true
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false
    throw error
  }
}

/**
 * Whether `whole`, which SQLite reads with what lies beside it, is a state of the database that `file` is alone. It is not
 * where they are two stores; nor where the file is sound alone and damaged with the rest: pages of two states of a store
 * make none. What is damaged either way is no case for this.
 */
async function matches(file: string, whole: string, options: ConnectionOptions): Promise<boolean> {
  const both = reader(whole, options)
  const alone = reader(`${pathToFileURL(file).href}?immutable=1`, { ...options, readOnly: true })
  if (!isSameStore(await alone(applied, []), await both(applied, []))) return false
  return (await both(isSound, true)) || !(await alone(isSound, true))
}

/** Runs what looks at a file; a damage that is in the way comes as undefined, and anything else as what is given for it. */
function reader(location: string, options: ConnectionOptions) {
  return async <T>(look: (connection: Connection) => T, otherwise: T): Promise<T | undefined> => {
    try {
      return await connected(location, options, look)
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
