import fs from 'node:fs/promises'
import { Corrupt, InvalidInput } from '../../../errors.ts'
import { fileError } from '../../../util/file-error.ts'
import { assertAlone } from '../../backup/complete-alone.ts'
import { sha256 } from '../../sha256.ts'
import { createSchema, holdsStore } from '../../sqlite/schema.ts'
import { assertSound, connected, type JobContext } from './job.ts'

/** Writes the store as of now into the empty file `target`, and checks every page of it. */
export async function copy(target: string, context: JobContext): Promise<void> {
  const options = { readOnly: true, waitMs: context.waitMs, trusted: true }
  await connected(context.file, options, source => {
    // A caller that needs the file to last flushes it.
    source.exec('pragma synchronous=off')
    for (const _ of source.iterate('vacuum into ?', [target]));
  })
  context.report('check', 0)
  await connected(target, { readOnly: true }, made => assertSound(made, context.file))
}

interface PrepareInput {
  /** The backup, which is complete alone and which no process has open. It is only read. */
  source: string
  /** An empty private file. */
  target: string
  /** What was written down of the backup when it was made, in hexadecimal. */
  sha256: string | undefined
}

/**
 * Copies `source` to `target`, checks that it is a sound store that this program understands, and gives it the schema of
 * today. The bytes that are checked are those of the copy, so that they are the ones that count.
 */
export async function prepare(
  { source, target, ...expected }: PrepareInput,
  context: JobContext,
): Promise<void> {
  context.report('copy', 0)
  await copyAlone(source, target)
  context.report('checksum', 0.2)
  await verify(target, source, expected.sha256)
  await connected(target, { readOnly: false, name: source }, async connection => {
    if (!holdsStore(connection)) throw notAStore(source)
    context.report('check', 0.4)
    assertSound(connection, source)
    await createSchema(connection, 0)
    connection.exec('pragma journal_mode=delete')
  }).catch(error => {
    throw error instanceof Corrupt ? unusable(source, error) : error
  })
}

async function copyAlone(source: string, target: string): Promise<void> {
  try {
    await fs.copyFile(source, target)
  } catch (error) {
    throw fileError(error, source)
  }
  // Should a process have opened it as a store meanwhile, the copy may be half of it.
  assertAlone(source)
}

/** A backup that was moved without its checksum is still checked page by page. */
async function verify(copy: string, source: string, expected: string | undefined): Promise<void> {
  if (expected === undefined) return
  const found = await sha256(copy)
  if (found === expected) return
  throw new Corrupt(`${source} is not what was backed up: its SHA-256 is ${found}, expected ${expected}`, {
    hint: `Nothing was changed. Use another backup; if the file is right, delete the checksum beside it.`,
    details: { file: source, found, expected },
  })
}

function unusable(file: string, { message, details }: Corrupt): Corrupt {
  return new Corrupt(`${file} cannot be restored: ${message}`, {
    hint: 'Nothing was changed. Use another backup, or save what can be read of it with `hivewax recover NEW-FILE --from FILE`.',
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
