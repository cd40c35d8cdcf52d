import fs from 'node:fs'
import path from 'node:path'
import { Busy, type HivewaxError } from '../../errors.ts'
import type { Check, StoreFacts } from '../engine.ts'
import { schemaId } from '../migrations/index.ts'
import type { DamagedRecords } from '../worker/jobs/compare-checksums.ts'
import type { Health } from '../worker/jobs/inspect-file.ts'
import { networkFsOf } from './network-fs.ts'
import { remedy } from './remedy.ts'

/** A log beyond this size was not merged for long: a reader holds an old snapshot open. */
const largeWalBytes = 256 * 1024 * 1024

const mb = (bytes: number) => `${(bytes / 1024 / 1024).toFixed(1)} MB`

/**
 * What there is to say about the file of a store: is it sound, private, safe where it is, and has it room?
 */
export function checkStore(facts: StoreFacts, health: Health & { lostInLog: number }): Check[] {
  return [
    schema(facts),
    integrity(facts, health),
    references(health),
    journal(facts),
    log(facts, health.lostInLog),
    permissions(facts),
    fileSystem(facts),
    disk(facts),
  ]
}

/** What there is to say about the records that carry checksums. */
export function checkRecords({ location: file }: StoreFacts, { count, messages }: DamagedRecords): Check {
  const name = 'checksums'
  if (count === 0) return { name, ok: true, message: 'no record differs from its checksum' }
  const more = count > messages.length ? `; and ${count - messages.length} more` : ''
  return {
    name,
    ok: false,
    message: `${messages.join('; ')}${more}`,
    fix: `Delete these records, or store them anew. Or: ${remedy(file)}`,
  }
}

function schema({ schema: id }: StoreFacts): Check {
  const ok = id === schemaId
  return {
    name: 'schema',
    ok,
    message: `schema ${id}${ok ? ', the newest' : `; this hivewax knows ${schemaId}`}`,
  }
}

function integrity({ location: file }: StoreFacts, { problems }: Health): Check {
  if (problems.length === 0) return { name: 'integrity', ok: true, message: 'every page is sound' }
  return {
    name: 'integrity',
    ok: false,
    message: `the file is damaged: ${problems.join('; ')}`,
    fix: remedy(file),
  }
}

function references({ brokenReferences }: Health): Check {
  const count = brokenReferences.length
  if (count === 0) return { name: 'references', ok: true, message: 'every reference leads to a record' }
  const kinds = [...new Set(brokenReferences)].join(', ')
  return {
    name: 'references',
    ok: false,
    message: `${count} records refer to something that is gone (${kinds})`,
    fix: 'List them with `hivewax find-orphans`, remove them with `hivewax cleanup-orphans`.',
  }
}

function journal({ journalMode = 'unknown' }: StoreFacts): Check {
  const ok = journalMode === 'wal'
  const message = `journal mode ${journalMode}`
  return {
    name: 'journal',
    ok,
    message,
    ...(!ok && { fix: 'Close every program that uses the store, then open it.' }),
  }
}

/** As long as a process has the store open, it knows what is behind a damage; after a crash nobody does. */
function log({ walBytes = 0 }: StoreFacts, lost: number): Check {
  if (lost > 0) {
    const message = `the log is damaged: ${lost} transactions behind the damage would not survive a crash`
    const fix =
      'Run `hivewax backup FILE` while the store is open, then `hivewax vacuum`, which empties the log.'
    return { name: 'log', ok: false, message, fix }
  }
  const ok = walBytes < largeWalBytes
  const fix = 'Close programs that hold a transaction or a long query open, then run `hivewax vacuum`.'
  return { name: 'log', ok, message: `${mb(walBytes)} of writes wait to be merged`, ...(!ok && { fix }) }
}

/** What became of a write that was taken back: undefined when it has reached the disk. */
export function writing(error: HivewaxError | undefined): Check {
  if (error === undefined) return { name: 'writing', ok: true, message: 'a write reaches the disk' }
  if (error instanceof Busy) return { name: 'writing', ok: true, message: `not tried: ${error.message}` }
  return { name: 'writing', ok: false, message: error.message, ...(error.hint && { fix: error.hint }) }
}

function permissions({ location: file }: StoreFacts): Check {
  const mode = fs.statSync(file).mode & 0o777
  // Windows keeps no such bits.
  const ok = process.platform === 'win32' || (mode & 0o077) === 0
  const leak = ok ? '' : ': other users of this machine can read it'
  const message = `mode ${mode.toString(8).padStart(3, '0')}${leak}`
  return { name: 'permissions', ok, message, ...(!ok && { fix: `chmod 600 '${file}'` }) }
}

function fileSystem({ location: file }: StoreFacts): Check {
  const network = networkFsOf(path.dirname(file))
  if (network === undefined) return { name: 'file system', ok: true, message: 'a local disk' }
  return {
    name: 'file system',
    ok: false,
    message: `${network}, where SQLite loses writes when several machines use it`,
    fix: 'Move the store to a local disk.',
  }
}

/** A backup, a restore or a full vacuum needs as much again as the store takes. */
function disk({ location: file, sizeBytes }: StoreFacts): Check {
  const { bavail, bsize } = fs.statfsSync(path.dirname(file))
  const free = bavail * bsize
  const ok = free > 2 * sizeBytes
  const message = `${mb(free)} free, the store takes ${mb(sizeBytes)}`
  return {
    name: 'disk',
    ok,
    message,
    ...(!ok && { fix: 'Free some space: upkeep needs twice what the store takes.' }),
  }
}
