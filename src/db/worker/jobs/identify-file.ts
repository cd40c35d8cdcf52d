import { Corrupt } from '../../../errors.ts'
import { applicationId } from '../../sqlite/schema.ts'
import { connected } from './job.ts'

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
