import fs from 'node:fs'
import { rm } from 'node:fs/promises'
import path from 'node:path'
import { HivewaxError, InvalidInput, Storage } from '../../errors.ts'
import type { Clock } from '../../util/clock.ts'
import { hasLog } from '../../util/database-files.ts'
import { toTimeText } from '../../util/time.ts'
import { assertNotOpen, assertReplaceable, clearBeside, privateCopy } from '../backup/backup-files.ts'
import { assertAlone } from '../backup/complete-alone.ts'
import { salvageFile } from '../backup/salvage-file.ts'
import { incompleteCopy, progressTable } from '../copy/incomplete-copy.ts'
import type { Row } from '../db.ts'
import { closed } from '../decorators/closable.ts'
import type { Plan, Replaced, Salvaged, StoreFacts } from '../engine.ts'
import {
  type AbortableOptions,
  type Check,
  type Engine,
  type Extent,
  type ProgressOptions,
  portion,
} from '../engine.ts'
import { Scope } from '../scope.ts'
import type { Sql } from '../sql.ts'
import { offload, offloadScan, type Workplace } from '../worker/offload.ts'
import { runInProcess } from '../worker/process.ts'
import type { InTurn } from '../worker/turns.ts'
import { retryBusy } from './busy.ts'
import type { SqliteCommits } from './commits.ts'
import { checkRecords, checkStore, writing } from './doctor-checks.ts'
import { flushWhileGrowing } from './file-growth.ts'
import type { SqliteStore } from './sqlite-store.ts'
import type { Writer } from './writer.ts'

/** Free pages that one transaction gives back: writers wait for no more than that. */
const sliceOfPages = 256

/**
 * In the background: when upkeep is worth its while, and how much of it is done at a time. A log is longer than it is by
 * itself only after somebody has read for long.
 */
const idle = { freePages: 1024, slices: 8, walBytes: 32 * 1024 * 1024 }

/** What the upkeep has to do with: a store that is open, to be written or only to be read. */
export type UpkeepStore = Pick<SqliteStore, 'file' | 'compile' | 'read' | 'exec' | 'look' | 'place'> & {
  readonly writer: Pick<Writer, 'alone' | 'busyTimeoutMs'>
  readonly commits: Pick<SqliteCommits, 'add'>
}

/**
 * The upkeep of an SQLite file: what is long runs in a worker, what must exclude writers holds the writer
 * queue.
 */
export class SqliteUpkeep implements Engine {
  readonly #store: UpkeepStore
  readonly #clock: Clock
  readonly #isOpen: () => boolean
  readonly #inTurn: InTurn = work => this.#store.writer.alone(work)

  constructor(store: UpkeepStore, clock: Clock, isOpen: () => boolean) {
    this.#store = store
    this.#clock = clock
    this.#isOpen = isOpen
  }

  async *scan<R extends object = Row>(query: Sql): AsyncGenerator<R[], void, undefined> {
    const { statement, params } = this.#store.compile(query)
    const batches = offloadScan(this.#enter(), { text: statement.text, params })
    // The row type is the word of the statement's author, as with `Db.all`.
    for await (const batch of batches) {
      this.#store.look()
      yield batch as R[]
    }
  }

  async facts(): Promise<StoreFacts> {
    this.#enter()
    const { file } = this.#store
    const walBytes = sizeOf(`${file}-wal`)
    return {
      location: file,
      engine: { name: 'SQLite', version: process.versions.sqlite ?? 'unknown' },
      sizeBytes: sizeOf(file) + walBytes,
      walBytes,
      freeBytes: (await this.#number('freelist_count')) * (await this.#number('page_size')),
      journalMode: String(await this.#pragma('journal_mode')),
      schema: await this.#number('user_version'),
    }
  }

  async extents(): Promise<Extent[]> {
    return this.#inPlace(offload(this.#enter(), { name: 'extents' }))
  }

  async plan(text: string): Promise<Plan | undefined> {
    this.#enter()
    if (!/^\s*(select|with|insert|update|delete)\b/i.test(text)) return undefined
    const steps = await this.#steps(text)
    return (
      steps && {
        indexes: steps.flatMap(step => /USING (?:COVERING )?INDEX (\S+)/.exec(step)?.[1] ?? []),
        scans: steps.flatMap(step => /^SCAN (\S+)(?! .*INDEX)(?! VIRTUAL)/.exec(step)?.[1] ?? []),
      }
    )
  }

  async vacuum({ full, ...options }: AbortableOptions & { full?: boolean }): Promise<{ freedBytes: number }> {
    const place = this.#enter()
    const pageSize = await this.#number('page_size')
    const before = await this.#number('page_count')
    if (full) await this.#store.writer.alone(() => offload(place, { name: 'vacuum' }, options))
    const freed = full ? before - (await this.#number('page_count')) : await this.#freePages(options)
    await this.#inPlace(offload(place, { name: 'checkpoint', input: 'wait' }))
    options.onProgress?.({ step: 'done', fraction: 1 })
    return { freedBytes: Math.max(0, freed) * pageSize }
  }

  async optimize(options: AbortableOptions & { unref?: boolean }): Promise<void> {
    await this.#inPlace(offload(this.#enter(), { name: 'optimize' }, { ...options, inTurn: this.#inTurn }))
    options.onProgress?.({ step: 'done', fraction: 1 })
  }

  async reindex(options: AbortableOptions): Promise<void> {
    await this.#inPlace(offload(this.#enter(), { name: 'reindex' }, { ...options, inTurn: this.#inTurn }))
    options.onProgress?.({ step: 'done', fraction: 1 })
  }

  async copyTo(target: string, { signal, onProgress }: AbortableOptions): Promise<void> {
    const place = this.#enter()
    const expected = (await this.#number('page_count')) * (await this.#number('page_size'))
    let isCopied = false
    const onCheck = portion(onProgress, 0.7, 1)
    const check: ProgressOptions['onProgress'] = done => {
      isCopied = true
      onCheck?.(done)
    }
    // SQLite says nothing while it copies, but the file that it writes grows.
    const onSize = (bytes: number) => {
      if (!isCopied) onProgress?.({ step: 'copy', fraction: 0.7 * Math.min(1, bytes / expected) })
    }
    await flushWhileGrowing(
      target,
      () => this.#inPlace(offload(place, { name: 'copy', input: target }, { signal, onProgress: check })),
      onSize,
    )
  }

  async replaceWith(
    source: string,
    { sha256, onProgress }: ProgressOptions & { sha256: string | undefined },
  ): Promise<Replaced> {
    const place = this.#enter()
    assertAlone(source)
    // In a folder beside the store, where there should be room for as much again.
    const copy = privateCopy(path.dirname(place.file))
    try {
      const input = { source, target: copy, sha256 }
      await offload(place, { name: 'prepare', input }, { onProgress: portion(onProgress, 0, 0.5) })
      const replaced = await this.#store.writer.alone(() => {
        const input = {
          source: copy,
          now: toTimeText(new Date(this.#clock.now())),
          data: JSON.stringify({ path: source }),
        }
        return offload(place, { name: 'replace', input }, { onProgress: portion(onProgress, 0.5, 1) })
      })
      this.#store.commits.add()
      onProgress?.({ step: 'done', fraction: 1 })
      return replaced
    } finally {
      // Not at once: to drop a large file from memory takes long enough to be felt.
      await rm(path.dirname(copy), { recursive: true, force: true })
    }
  }

  async salvage(source: string, target: string, options: AbortableOptions): Promise<Salvaged> {
    this.#enter()
    return salvageFile(source, target, options)
  }

  async assertReplaceable(file: string): Promise<void> {
    this.#enter()
    await assertReplaceable(file)
  }

  async clearBeside(file: string): Promise<string[]> {
    this.#enter()
    return clearBeside(file)
  }

  assertNotOpen(file: string): void {
    assertNotOpen(file)
  }

  async checks({ onProgress }: ProgressOptions): Promise<Check[]> {
    const place = this.#enter()
    const facts = await this.facts()
    // Whoever has the store open found that the log is its own.
    const inspect = { name: 'inspectLog', input: { isDoubtful: false } } as const
    const { lost } = hasLog(place.file) ? await runInProcess({ ...inspect, ...place }) : { lost: 0 }
    const health = await offload(place, { name: 'health' }, { onProgress: portion(onProgress, 0, 0.5) })
    const comparing = { onProgress: portion(onProgress, 0.5, 1) }
    const records = await this.#inPlace(offload(place, { name: 'compareChecksums' }, comparing))
    const checks = [...checkStore(facts, { ...health, lostInLog: lost }), checkRecords(facts, records)]
    // Not over what the log holds behind a damage.
    if (lost === 0) checks.push(writing(await this.#writeError()))
    const found = await this.#rows(`select 1 from sqlite_schema where name = '${progressTable}'`)
    return found.length === 0 ? checks : [...checks, incompleteCopy]
  }

  /** What a write meets at present; undefined when it reaches the disk. */
  async #writeError(): Promise<HivewaxError | undefined> {
    try {
      await this.#store.writer.alone(() => offload(this.#enter(), { name: 'tryWrite' }))
      return undefined
    } catch (error) {
      if (error instanceof HivewaxError) return error
      throw error
    }
  }

  async tidy(signal: AbortSignal): Promise<void> {
    const place = this.#enter()
    if ((await this.#number('freelist_count')) >= idle.freePages)
      await this.#freePages({ signal }, idle.slices)
    if (signal.aborted || sizeOf(`${place.file}-wal`) < idle.walBytes) return
    await offload(place, { name: 'checkpoint', input: 'at once' }, { signal, unref: true })
  }

  /** Gives free pages back in slices, between which others write. Returns how many it was. */
  async #freePages(
    { onProgress, signal }: AbortableOptions,
    maxSlices = Number.POSITIVE_INFINITY,
  ): Promise<number> {
    const { writer } = this.#store
    const all = await this.#number('freelist_count')
    let left = all
    for (let slice = 0; left > 0 && slice < maxSlices; slice++) {
      signal?.throwIfAborted()
      await writer.alone(() =>
        retryBusy(() => this.#store.exec(`pragma incremental_vacuum(${sliceOfPages})`), writer.busyTimeoutMs),
      )
      const now = await this.#number('freelist_count')
      // A store that was made without incremental vacuum frees nothing.
      if (now >= left) break
      left = now
      onProgress?.({ step: 'free pages', fraction: 1 - left / all })
    }
    return all - left
  }

  /** Every call begins here: refuses when the handle was closed, or inside a transaction of this store. */
  #enter(): Workplace {
    if (!this.#isOpen()) throw closed()
    Scope.check(this.#store)
    return this.#store.place()
  }

  /** What a job has found or done counts only if the files of the store were there to the end. */
  async #inPlace<T>(job: Promise<T>): Promise<T> {
    const result = await job
    this.#store.look()
    return result
  }

  /** The plan of a statement in words; undefined when it cannot run any more, since its table is gone. */
  async #steps(text: string): Promise<string[] | undefined> {
    try {
      return (await this.#rows(`explain query plan ${text}`)).map(row => String(row.detail))
    } catch (error) {
      if (error instanceof InvalidInput || isNoStatement(error)) return undefined
      throw error
    }
  }

  async #rows(text: string): Promise<Row[]> {
    return this.#store.read({ text, reads: true, touchesMemory: false }, [])
  }

  async #pragma(name: string): Promise<unknown> {
    const [row] = await this.#rows(`pragma ${name}`)
    if (row === undefined) throw new Storage(`SQLite has no answer to the pragma ${name}`)
    return Object.values(row)[0]
  }

  async #number(name: string): Promise<number> {
    return Number(await this.#pragma(name))
  }
}

/**
 * In bytes; 0 for a file that does not exist. Looking at a file's size, unlike opening it, drops no locks.
 */
function sizeOf(file: string): number {
  return fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0
}

/** SQLITE_ERROR: what SQLite cannot make sense of, or not any more. */
function isNoStatement(error: unknown): boolean {
  return error instanceof HivewaxError && error.details?.sqlite === 1
}
