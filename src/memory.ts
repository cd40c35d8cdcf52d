import type { EventEmitter } from 'node:events'
import { acting } from './agents/option-names.ts'
import type { AbortableOptions } from './db/engine.ts'
import { InvalidInput } from './errors.ts'
import type { BackupOptions, BackupResult } from './maintenance/backup.ts'
import type { CleanupOptions, CleanupResult } from './maintenance/cleanup.ts'
import type { Maintenance, VacuumOptions } from './maintenance/maintenance.ts'
import type { Orphan } from './maintenance/orphans.ts'
import type { PerformanceReport } from './maintenance/performance.ts'
import type { RestoreOptions, RestoreResult } from './maintenance/restore.ts'
import type { Stats } from './maintenance/stats.ts'
import type { ExportOptions, ExportResult } from './maintenance/transfer/export-namespace.ts'
import type { HotKey, HotKeyOptions, Usage, UsageOptions } from './maintenance/usage.ts'
import { type Records, Transaction } from './transaction.ts'
import { type Names, optionCheck } from './util/options.ts'

const checkActing = optionCheck('as', acting)

const checkDoor = optionCheck('through', { via: true, session: true, caller: true } satisfies Names<
  keyof Door
>)

/** What a memory can tell while it works. */
export interface MemoryEvents {
  /** A statement took longer than `slowQueryMs`: its text, `?` for every value, and its duration in ms. */
  slow_query: [query: string, durationMs: number]
  /** Work in the background failed. Nothing acknowledged is affected; it is tried again. */
  background_error: [error: unknown]
  /**
   * This process has begun to revoke the token of this id, for those who serve its holder: what that has under way is to
   * end. The promise settles when it is known to the store, or could not be revoked.
   */
  token_revoking: [id: string, done: Promise<unknown>]
  /** A file of the store was deleted or replaced: every call is refused with this error, until it is opened anew. */
  store_gone: [error: unknown]
}

/** As which run of an agent a handle acts. */
export interface ActingOptions {
  /**
   * What `register` returned. Every write of the handle then makes sure, in its own transaction, that the agent still
   * has this incarnation: once it was registered anew or deleted, all of them are refused with Conflict
   * `stale_token`, tasks claimed, leases renewed and heartbeats included. Reading is not refused, nor is the upkeep
   * of the store, which acts as no agent. Default: any incarnation will do.
   */
  incarnation?: number | undefined
}

/** How a caller came to a handle: for programs that let others in. */
export interface Door {
  /** The door, as authors name it: `http`, or `mcp:` and the client. Default: `library`. */
  readonly via: string
  /** The caller's session, where its name does not tell it. */
  readonly session?: string | undefined
  /** The author of what is written by a caller that acts as no agent. Default: the account of this process. */
  readonly caller?: string | undefined
}

/** What a handle is made of; `openMemory` puts it together. */
export interface MemoryParts {
  readonly records: Records
  readonly maintenance: Maintenance
  readonly emitter: EventEmitter
  /** Where the store is, as a file path or URL. */
  readonly url: string
  readonly isReadOnly: boolean
  /** Who acts through the handle; undefined for no agent. */
  readonly agentId: string | undefined
  /** The same store as another agent. */
  readonly as: (agentId: string, options?: ActingOptions) => Memory
  /** The same store and agent for those who come through this door. */
  readonly through: (door: Door) => Memory
  /** The same handle for as long as somebody waits. */
  readonly until: (signal: AbortSignal) => Memory
  readonly close: () => Promise<void>
}

/** A handle on the shared memory: all records, their upkeep, and the handle's own life. Made by `openMemory`. */
export class Memory extends Transaction {
  readonly maintenance: Maintenance
  /** Where the store is, as a file path or URL. */
  readonly url: string
  /** True when it was opened with `readOnly`, or its files may not be written: what would write is refused. */
  readonly isReadOnly: boolean
  /** The agent that acts through this handle; undefined for none. */
  readonly agentId: string | undefined
  readonly #parts: MemoryParts

  constructor(parts: MemoryParts) {
    super(parts.records)
    this.#parts = parts
    this.maintenance = parts.maintenance
    this.url = parts.url
    this.isReadOnly = parts.isReadOnly
    this.agentId = parts.agentId
  }

  /**
   * The same store, acting as this agent: its writes count as heartbeats and carry its name. With the incarnation
   * that `register` returned, an old process under the same id is shut out:
   * `const me = memory.as(id, await memory.registerAgent({ id, type: 'coder' }))`.
   */
  as(agentId: string, options?: ActingOptions): Memory {
    checkActing(options)
    return this.#parts.as(agentId, options)
  }

  /**
   * The same store, for callers that a program lets in: what they write says through which door it came, and which of
   * them wrote it. Through a server it changes nothing, since that knows better who calls.
   */
  through(door: Door): Memory {
    checkDoor(door)
    return this.#parts.through(door)
  }

  /**
   * The same handle for as long as somebody waits for its calls: once `signal` aborts, what has not begun never does,
   * and is refused with the reason of the signal; its transactions are rolled back. A write that has begun ends as it would.
   */
  until(signal: AbortSignal): Memory {
    if (!(signal instanceof AbortSignal)) throw new InvalidInput('until takes an AbortSignal')
    return this.#parts.until(signal)
  }

  /** See {@link Maintenance.cleanup}. */
  cleanup(options?: CleanupOptions): Promise<CleanupResult> {
    return this.maintenance.cleanup(options)
  }

  /** See {@link Maintenance.vacuum}. */
  vacuum(options?: VacuumOptions): Promise<{ freedBytes: number }> {
    return this.maintenance.vacuum(options)
  }

  /** See {@link Maintenance.analyzePerformance}. */
  analyzePerformance(): Promise<PerformanceReport> {
    return this.maintenance.analyzePerformance()
  }

  /** See {@link Maintenance.analyzeUsage}. */
  analyzeUsage(options?: UsageOptions): Promise<Usage> {
    return this.maintenance.analyzeUsage(options)
  }

  /** See {@link Maintenance.hotKeys}. */
  getHotKeys(options?: HotKeyOptions): Promise<HotKey[]> {
    return this.maintenance.hotKeys(options)
  }

  /** See {@link Maintenance.backup}. */
  backup(path: string, options?: BackupOptions): Promise<BackupResult> {
    return this.maintenance.backup(path, options)
  }

  /** See {@link Maintenance.restore}. */
  restore(path: string, options?: RestoreOptions): Promise<RestoreResult> {
    return this.maintenance.restore(path, options)
  }

  /** See {@link Maintenance.exportNamespace}. */
  exportNamespace(namespace: string, path: string, options?: ExportOptions): Promise<ExportResult> {
    return this.maintenance.exportNamespace(namespace, path, options)
  }

  /** Listens to what the memory tells while it works. */
  on<Name extends keyof MemoryEvents>(name: Name, listener: (...args: MemoryEvents[Name]) => void): this {
    this.#parts.emitter.on(name, listener)
    return this
  }

  /** Stops listening. */
  off<Name extends keyof MemoryEvents>(name: Name, listener: (...args: MemoryEvents[Name]) => void): this {
    this.#parts.emitter.off(name, listener)
    return this
  }

  /** See {@link Maintenance.stats}. */
  getStats(): Promise<Stats> {
    return this.maintenance.stats()
  }

  /** See {@link Maintenance.optimize}. */
  optimize(options?: AbortableOptions): Promise<void> {
    return this.maintenance.optimize(options)
  }

  /** See {@link Maintenance.reindex}. */
  reindex(options?: AbortableOptions): Promise<void> {
    return this.maintenance.reindex(options)
  }

  /** See {@link Maintenance.findOrphans}. */
  findOrphanedRecords(): Promise<Orphan[]> {
    return this.maintenance.findOrphans()
  }

  /** See {@link Maintenance.cleanupOrphans}. */
  cleanupOrphans(): Promise<CleanupResult> {
    return this.maintenance.cleanupOrphans()
  }

  /** Finishes every accepted write, then closes. Calling it again is harmless; other calls then get Closed. */
  close(): Promise<void> {
    return this.#parts.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
