import type { IncomingRecord } from '../maintenance/transfer/incoming-record.ts'
import type { MergedRecord } from '../maintenance/transfer/merge-records.ts'
import type { Leaving, LeftItem, RecordItem, Source } from './source.ts'

/** How many refused records are listed by name. */
const maxRefusals = 100

/** What became of a table or section of a file. */
export interface SectionReport {
  file: string
  format: string
  /** The table, or the part of a JSON file. */
  section: string
  /** What its records are here. */
  kind: IncomingRecord['kind'] | undefined
  /** How many things it holds: all counts below, together. */
  found: number
  added: number
  /** Replaced an older record of the same key. */
  updated: number
  /** Were here already. */
  unchanged: number
  /** Another record of the same name is here, and stays. */
  kept: number
  /** Too large, or otherwise nothing that a store can hold. */
  refused: number
  /** Not brought, by reason. */
  left: Partial<Record<Leaving, number>>
  /** Fields without a place of their own, which are kept in the metadata of their records. */
  inMetadata: number
}

interface Refusal {
  file: string
  section: string
  /** Its key or id. */
  name: string
  reason: string
}

/** A file that was found in a folder and could not be imported. */
interface Skipped {
  file: string
  code: string
  reason: string
}

export interface ImportReport {
  dryRun: boolean
  sections: SectionReport[]
  /** Up to 100 of the records that were refused. */
  refusals: Refusal[]
  skipped: Skipped[]
}

/** Counts what becomes of the items of an import. */
export class Tally {
  readonly report: ImportReport
  readonly #sections = new Map<string, SectionReport>()

  constructor(dryRun: boolean) {
    this.report = { dryRun, sections: [], refusals: [], skipped: [] }
  }

  /** Notes that there is such a section; sections are reported in the order in which they are met. */
  meet(source: Source, section: string): void {
    this.#section(source, section)
  }

  left(source: Source, { section, left, count }: LeftItem): void {
    const counts = this.#section(source, section)
    counts.found += count
    counts.left[left] = (counts.left[left] ?? 0) + count
  }

  taken(source: Source, item: RecordItem, { outcome, reason }: MergedRecord): void {
    const counts = this.#section(source, item.section)
    counts.found++
    counts.kind ??= item.record.kind
    counts[outcome]++
    counts.inMetadata += item.inMetadata ?? 0
    if (outcome === 'refused') this.#refuse(source, item, reason)
  }

  #refuse(source: Source, { section, record }: RecordItem, reason = ''): void {
    if (this.report.refusals.length >= maxRefusals) return
    const name = 'key' in record ? record.key : 'id' in record ? record.id : record.name
    this.report.refusals.push({ file: source.file, section, name, reason })
  }

  #section({ file, format }: Source, section: string): SectionReport {
    const id = JSON.stringify([file, section])
    const known = this.#sections.get(id)
    if (known !== undefined) return known
    const none = { found: 0, added: 0, updated: 0, unchanged: 0, kept: 0, refused: 0 }
    const made: SectionReport = { file, format, section, kind: undefined, ...none, left: {}, inMetadata: 0 }
    this.#sections.set(id, made)
    this.report.sections.push(made)
    return made
  }
}
