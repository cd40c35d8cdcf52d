import type { IncomingMemory, IncomingRecord } from '../maintenance/transfer/incoming-record.ts'
import type { Json } from '../util/json.ts'

/**
 * Why something of a source is not brought: `expired` and `deleted` there; `derived`, which is made anew from what is
 * brought; `settings` of the old program itself; `secret`, which memory that agents read must not hold; `activity`, what the
 * swarm of another store was at work on.
 */
export type Leaving = 'expired' | 'deleted' | 'derived' | 'settings' | 'secret' | 'activity'

/** One thing that was found in a source, and what is made of it. */
export type Item = RecordItem | LeftItem

export interface RecordItem {
  /** The table, or the part of a JSON file. */
  section: string
  record: IncomingRecord
  /** How many fields without a place of their own are in its metadata. */
  inMetadata?: number
}

export interface LeftItem {
  section: string
  left: Leaving
  count: number
  /** What was deleted or has expired there, so that an older copy in another file does not bring it back. */
  gone?: IncomingMemory
}

/** A file that an importer knows. */
export interface Source {
  readonly file: string
  /** What it is, in a few words. */
  readonly format: string
  items(): AsyncIterable<Item> | Iterable<Item>
  close(): void | Promise<void>
}

export interface ReadOptions {
  /** Where records go that name no namespace. */
  namespace: string
  /** Bring vectors too, as they are. */
  vectors: boolean
  /** Bring what had expired, without its expiry. */
  expired: boolean
  now: Date
  maxValueBytes: number
}

/** What a file and its surroundings say of every record in it. */
export interface Origin extends ReadOptions {
  /** When the file was changed last: the time of records that have none. */
  changedAt: Date
}

/** A row of a table, or an object of a JSON file: binary fields are bytes. */
export type Fields = Record<string, Json | Uint8Array>
