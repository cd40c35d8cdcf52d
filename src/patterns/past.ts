import type { Db } from '../db/db.ts'
import { readHistory } from '../db/history/read-history.ts'
import type { Version, VersionRow } from '../db/history/version.ts'
import { versionBy } from '../db/history/version-at.ts'
import type { RecordKey } from '../db/history/versions-of.ts'
import { decodeLoose, type Json } from '../util/json.ts'
import type { Page, PageOptions } from '../util/page.ts'
import type { NewPattern } from './patterns.ts'

/** One change of a pattern, and what it wrote; undefined of a deletion, and of what is redacted. */
export interface PatternVersion extends Version {
  id: string
  type: string | undefined
  patternData: Json | undefined
  /** The confidence that was stated. */
  confidence: number | undefined
  metadata: Json | undefined
}

/** A pattern as the history names records. */
export function recordKey(id: string): RecordKey<'patterns'> {
  return { table: 'patterns', key: [id] }
}

/** See `Patterns.revert`. */
export async function patternBy(db: Db, id: string, revision: number): Promise<NewPattern> {
  const { type = '', ...content } = contentOf(await versionBy(db, recordKey(id), revision))
  return { id, type, ...content }
}

/** See `Patterns.history`. */
export function patternHistory(db: Db, id: string, options: PageOptions): Promise<Page<PatternVersion>> {
  return readHistory(db, recordKey(id), {
    ...options,
    toVersion: (version, row) => ({ id, ...version, ...(version.deleted ? nothing : contentOf(row)) }),
  })
}

type Content = Pick<PatternVersion, 'type' | 'patternData' | 'confidence' | 'metadata'>

const nothing: Content = {
  type: undefined,
  patternData: undefined,
  confidence: undefined,
  metadata: undefined,
}

function contentOf({ type, pattern_data, prior, metadata }: VersionRow<'patterns'>): Content {
  return {
    type: type ?? undefined,
    patternData: pattern_data === null ? undefined : decodeLoose(pattern_data),
    confidence: prior ?? undefined,
    metadata: metadata === null ? undefined : decodeLoose(metadata),
  }
}
