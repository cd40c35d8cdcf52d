import { type AbortableOptions, portion } from '../db/engine.ts'
import { type BackupOptions, type BackupResult, backup } from './backup.ts'
import { type CleanupOptions, type CleanupResult, cleanup } from './cleanup.ts'
import { type Diagnosis, type DoctorOptions, doctor } from './doctor.ts'
import { checkMaintenance } from './option-names.ts'
import { cleanupOrphans, findOrphans, type Orphan } from './orphans.ts'
import { analyzePerformance, type PerformanceReport } from './performance.ts'
import { type RecoverOptions, type RecoverResult, recover } from './recover.ts'
import { type RestoreOptions, type RestoreResult, restore } from './restore.ts'
import { type Stats, stats } from './stats.ts'
import { tidyCounts } from './tidy-counts.ts'
import { type ExportOptions, type ExportResult, exportNamespace } from './transfer/export-namespace.ts'
import { type ImportOptions, type ImportResult, importNamespace } from './transfer/import-namespace.ts'
import { type MergeOptions, RecordMerger } from './transfer/merge-records.ts'
import { markDone, type Upkeep } from './upkeep-context.ts'
import {
  analyzeUsage,
  type HotKey,
  type HotKeyOptions,
  hotKeys,
  type Usage,
  type UsageOptions,
} from './usage.ts'

export interface VacuumOptions extends AbortableOptions {
  /**
   * Rewrite the whole file, which closes gaps between records as well, and leaves nothing in it of what was deleted or
   * redacted: neither in free space nor in the full-text index. Writers wait all the while.
   */
  full?: boolean | undefined
}

/**
 * The upkeep of the store: space, speed, backups, and a look inside. Long work runs off the event loop, and
 * others go on reading and writing meanwhile except where it says otherwise. Not to be used inside a
 * transaction.
 */
export class Maintenance {
  readonly #upkeep: Upkeep

  constructor(upkeep: Upkeep) {
    this.#upkeep = upkeep
  }

  /** See {@link cleanup}. */
  async cleanup(options?: CleanupOptions): Promise<CleanupResult> {
    checkMaintenance.cleanup(options)
    return cleanup(this.#upkeep, options)
  }

  /**
   * Gives free pages back to the file system, a little at a time while others write; `full` also closes the
   * gaps.
   * @returns how much smaller the data became
   */
  async vacuum(options: VacuumOptions = {}): Promise<{ freedBytes: number }> {
    checkMaintenance.vacuum(options)
    if (!options.full) return this.#upkeep.engine.vacuum(options)
    // What is deleted stays in the full-text index until its parts are merged.
    const { signal, onProgress } = options
    await this.optimize({ signal, onProgress: portion(onProgress, 0, 0.5) })
    return this.#upkeep.engine.vacuum({ ...options, onProgress: portion(onProgress, 0.5, 1) })
  }

  /**
   * Indexes what waits for that, and brings the full-text index, the planner's statistics and the counts that are kept
   * into their best shape.
   */
  async optimize(options: AbortableOptions = {}): Promise<void> {
    checkMaintenance.optimize(options)
    const { signal, onProgress } = options
    const { indexAll } = await import('../find/indexing.ts')
    await indexAll(this.#upkeep.context.db, { signal, onProgress: portion(onProgress, 0, 0.5) })
    await tidyCounts(this.#upkeep, signal)
    await this.#upkeep.engine.optimize({ signal, onProgress: portion(onProgress, 0.5, 1) })
    await markDone(this.#upkeep.context, 'optimize')
  }

  /** Builds every index anew, one at a time. */
  async reindex(options: AbortableOptions = {}): Promise<void> {
    checkMaintenance.reindex(options)
    return this.#upkeep.engine.reindex(options)
  }

  /** See {@link backup}. */
  async backup(path: string, options?: BackupOptions): Promise<BackupResult> {
    checkMaintenance.backup(options)
    return backup(this.#upkeep, path, options)
  }

  /** See {@link restore}. */
  async restore(path: string, options?: RestoreOptions): Promise<RestoreResult> {
    checkMaintenance.restore(options)
    return restore(this.#upkeep, path, options)
  }

  /** See {@link recover}. */
  async recover(path: string, options?: RecoverOptions): Promise<RecoverResult> {
    checkMaintenance.recover(options)
    return recover(this.#upkeep, path, options)
  }

  /** See {@link exportNamespace}. */
  async exportNamespace(namespace: string, path: string, options?: ExportOptions): Promise<ExportResult> {
    checkMaintenance.exportNamespace(options)
    return exportNamespace(this.#upkeep, { namespace, path }, options)
  }

  /** See {@link importNamespace}. */
  async importNamespace(path: string, options?: ImportOptions): Promise<ImportResult> {
    checkMaintenance.importNamespace(options)
    return importNamespace(this.#upkeep, path, options)
  }

  /** Merges records of other stores and programs, with their ids and times; see {@link RecordMerger.merge}. */
  intake(options?: MergeOptions): RecordMerger {
    checkMaintenance.intake(options)
    return new RecordMerger(this.#upkeep.context, options)
  }

  /** See {@link stats}. */
  stats(): Promise<Stats> {
    return stats(this.#upkeep)
  }

  /** See {@link analyzePerformance}. */
  analyzePerformance(): Promise<PerformanceReport> {
    return analyzePerformance(this.#upkeep)
  }

  /** See {@link analyzeUsage}. */
  async analyzeUsage(options?: UsageOptions): Promise<Usage> {
    checkMaintenance.analyzeUsage(options)
    return analyzeUsage(this.#upkeep, options)
  }

  /** See {@link hotKeys}. */
  async hotKeys(options?: HotKeyOptions): Promise<HotKey[]> {
    checkMaintenance.hotKeys(options)
    return hotKeys(this.#upkeep, options)
  }

  /** See {@link findOrphans}. */
  findOrphans(): Promise<Orphan[]> {
    return findOrphans(this.#upkeep)
  }

  /** See {@link cleanupOrphans}. */
  cleanupOrphans(): Promise<CleanupResult> {
    return cleanupOrphans(this.#upkeep)
  }

  /** See {@link doctor}. */
  async doctor(options?: DoctorOptions): Promise<Diagnosis> {
    checkMaintenance.doctor(options)
    return doctor(this.#upkeep, options)
  }
}
