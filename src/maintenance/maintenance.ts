import type { Context } from '../context.ts'
import type { Json } from '../util/json.ts'
export interface BackupOptions { stub?: string }
export interface BackupResult { stub?: string }
export interface CleanupOptions { stub?: string }
export interface CleanupResult { stub?: string }
export interface ExportResult { stub?: string }
export interface HotKey { stub?: string }
export interface HotKeyOptions { stub?: string }
export interface Orphan { stub?: string }
export interface PerformanceReport { stub?: string }
export interface RestoreResult { stub?: string }
export interface Stats { stub?: string }
export interface Usage { stub?: string }
export interface UsageOptions { stub?: string }
export class Maintenance {
  readonly #context: Context
  constructor(context: Context) {
    this.#context = context
  }
  stub(): Context {
    return this.#context
  }
  async cleanup(_o?: CleanupOptions): Promise<CleanupResult> { throw new Error('not built') }
  async vacuum(): Promise<{ freedBytes: number }> { throw new Error('not built') }
  async analyzePerformance(): Promise<PerformanceReport> { throw new Error('not built') }
  async analyzeUsage(_o?: UsageOptions): Promise<Usage> { throw new Error('not built') }
  async hotKeys(_o?: HotKeyOptions): Promise<HotKey[]> { throw new Error('not built') }
  async backup(_p: string, _o?: BackupOptions): Promise<BackupResult> { throw new Error('not built') }
  async restore(_p: string): Promise<RestoreResult> { throw new Error('not built') }
  async exportNamespace(_n: string, _p: string): Promise<ExportResult> { throw new Error('not built') }
  async stats(): Promise<Stats> { throw new Error('not built') }
  async optimize(): Promise<void> { throw new Error('not built') }
  async reindex(): Promise<void> { throw new Error('not built') }
  async findOrphans(): Promise<Orphan[]> { throw new Error('not built') }
  async cleanupOrphans(): Promise<CleanupResult> { throw new Error('not built') }
  j(): Json { return null }
}
