import { Corrupt, InvalidInput } from '../../../errors.ts'
import type { Connection } from '../../sqlite/connection.ts'
import { createSchema, holdsStore } from '../../sqlite/schema.ts'
import { assertSound, connected, type JobContext } from './job.ts'

/** Writes the store as of now into the empty file `target`, and checks every page of it. */
export async function copy(target: string, context: JobContext): Promise<void> {
  const options = { readOnly: true, waitMs: context.waitMs, trusted: true }
  await connected(context.file, options, source => writeInto(source, target))
  context.report('check', 0)
  await connected(target, { readOnly: true }, made => assertSound(made, target))
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
