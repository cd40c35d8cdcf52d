import { endianness } from 'node:os'
import { Corrupt, Unsupported } from '../errors.ts'

/** One step of the schema's history, the same for both engines. Never edited once released. */
export interface Migration {
  /** 1, 2, 3 … in the order they are applied. */
  readonly id: number
  readonly name: string
  /** Statements of SQLite. */
  readonly sqlite: string
  /** Statements of PostgreSQL that come to the same. */
  readonly postgres: string
}

/** The part of a migration that a store has gone through. */
export type EngineStatements = 'sqlite' | 'postgres'

/** A migration as a store remembers it. */
export interface Applied {
  id: number
  name: string
  /** Of the store's part; empty when none was recorded. */
  checksum: string
}

/** A migration as a store is to remember it. */
export function record({ id, name, ...parts }: Migration, part: EngineStatements): Applied {
  return { id, name, checksum: checksum(parts[part]) }
}

/**
 * Fingerprint of a migration's statements: FNV-1a over words of four bytes, and the length. It guards against
 * mistakes, not malice; every open computes it, and node:crypto would take longer to load than the store to open.
 */
function checksum(text: string): string {
  const bytes = Buffer.alloc(Math.ceil(Buffer.byteLength(text) / 4) * 4)
  bytes.write(text)
  if (endianness() === 'BE') bytes.swap32()
  let hash = 0x811c9dc5
  for (const word of new Int32Array(bytes.buffer)) hash = Math.imul(hash ^ word, 0x01000193)
  return `${(hash >>> 0).toString(16).padStart(8, '0')}-${text.length}`
}

/**
 * The migrations that a store still lacks, in order. Throws when the store was written by a newer program, or
 * when a migration that it has differs from ours under the same number.
 * @param applied in the order of their ids
 */
export function pending(
  all: readonly Migration[],
  applied: readonly Applied[],
  part: EngineStatements,
): Migration[] {
  const last = applied.at(-1)?.id ?? 0
  if (last > all.length) throw tooNew(last, all.length)
  for (const { id, name, checksum } of applied) {
    const ours = all[id - 1]
    if (checksum === '' || (ours !== undefined && record(ours, part).checksum === checksum)) continue
    throw new Corrupt(`migration ${id} (${name}) of the store is not the one that this hivewax knows`, {
      hint: 'The store was made by another build. Open it with that build, or export and import its data.',
    })
  }
  return all.slice(last)
}

/** The error for a store whose schema is ahead of the program. */
export function tooNew(storeId: number, ourId: number): Unsupported {
  return new Unsupported(
    `the store has schema ${storeId}, this hivewax knows up to ${ourId}`,
    { hint: 'Another process upgraded the store: update hivewax here too, then open it again.' },
    'store_too_new',
  )
}
