import { Corrupt, InvalidInput } from '../../../errors.ts'
import type { Connection } from '../../sqlite/connection.ts'
import { applicationId, createSchema, holdsStore } from '../../sqlite/schema.ts'
import { assertSound, connected, type JobContext } from './job.ts'

/** Writes the store as of now into the empty file `target`, and checks every page of it. */
export async function copy(target: string, context: JobContext): Promise<void> {
  const options = { readOnly: true, waitMs: context.waitMs, trusted: true }
  await connected(context.file, options, source => writeInto(source, target))
  context.report('check', 0)
  await connected(target, { readOnly: true }, made => assertSound(made, target))
}

/** What a file is, for a caller about to overwrite it. */
export type Kind = 'backup' | 'store' | 'foreign'

/**
 * Tells a backup from a store: a copy is in rollback mode, and opening it as a store puts it into WAL
 * mode for good, from when on it may hold what exists nowhere else.
 */
export async function identify(file: string): Promise<Kind> {
  return connected(file, { readOnly: true }, connection => {
    try {
      if (connection.value('pragma application_id') !== applicationId) return 'foreign'
      return connection.value('pragma journal_mode') === 'wal' ? 'store' : 'backup'
    } catch (error) {
      if (error instanceof Corrupt) return 'foreign'
      throw error
    }
  })
}

/**
 * Checks that `source` is a sound store that this program understands, and copies it to the empty file
 * `target` with the schema of today. The original is only read.
 */
export async function prepare(input: { source: string; target: string }, context: JobContext): Promise<void> {
  const { source, target } = input
  const options = { readOnly: true, waitMs: context.waitMs, trusted: true }
  await connected(source, options, connection => {
    if (!holdsStore(connection)) throw notAStore(source)
    context.report('check', 0)
    assertSound(connection, source)
    context.report('copy', 0.5)
    writeInto(connection, target)
  }).catch(error => {
    throw error instanceof Corrupt ? unusable(source, error) : error
  })
  await connected(target, { readOnly: false }, async connection => {
    connection.exec('pragma synchronous=off')
    await createSchema(connection, 0)
    connection.exec('pragma journal_mode=delete')
  })
}

/** Does not wait for the disk: a caller that needs the file to last flushes it. */
function writeInto(source: Connection, target: string): void {
  source.exec('pragma synchronous=off')
  for (const _ of source.iterate('vacuum into ?', [target]));
}

function unusable(file: string, { message, details }: Corrupt): Corrupt {
  return new Corrupt(`${file} cannot be restored: ${message}`, {
    hint: 'Nothing was changed. Use another backup, or salvage what is left of it with `hivewax recover`.',
    details,
  })
}

function notAStore(file: string): InvalidInput {
  return new InvalidInput(
    `${file} holds no hivewax store`,
    { hint: 'Nothing was changed. Name a file that `hivewax backup` wrote.' },
    'foreign_store',
  )
}
