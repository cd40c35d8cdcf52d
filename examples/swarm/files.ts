import type { Transaction } from '../../src/index.ts'
import type { FoundFile } from './planner/scan.ts'
import { type FileRecord, filesNamespace, remembered, type Verdict } from './swarm.ts'

/** Everything that is remembered of files, by path. The directory is scanned to a limit that fits one page. */
export async function allRecords(tx: Transaction): Promise<Map<string, FileRecord>> {
  const { items } = await tx.kv.search('*', { namespace: filesNamespace, limit: 10_000 })
  return new Map(items.map(({ key, value }) => [key, remembered<FileRecord>(value)]))
}

/** What files amount to. */
export function totals(records: ReadonlyMap<string, FileRecord>): Verdict {
  const sum: Verdict = { files: 0, lines: 0, bytes: 0 }
  for (const { lines, bytes } of records.values()) {
    sum.files++
    sum.lines += lines
    sum.bytes += bytes
  }
  return sum
}

/** Forgets the files that are gone, and returns their paths. */
export async function forgetMissing(tx: Transaction, found: readonly FoundFile[]): Promise<string[]> {
  const present = new Set(found.map(file => file.path))
  const gone = [...(await allRecords(tx)).keys()].filter(path => !present.has(path))
  for (const path of gone) await tx.delete(path, { namespace: filesNamespace })
  return gone
}
