import { constants } from 'node:sqlite'

/**
 * What a connection may be asked to do. `own`: our statements. `query`: SQL from outside that must only read. `guest`:
 * the same, of others than the process's owner. `execute`: SQL of the process's owner, which may write but not move the
 * ground under the writer queue.
 */
export type Mode = 'own' | 'query' | 'guest' | 'execute'

const reading = new Set<number>([
  constants.SQLITE_SELECT,
  constants.SQLITE_READ,
  constants.SQLITE_FUNCTION,
  constants.SQLITE_RECURSIVE,
])

const moving = new Set<number>([
  constants.SQLITE_TRANSACTION,
  constants.SQLITE_SAVEPOINT,
  constants.SQLITE_ATTACH,
  constants.SQLITE_DETACH,
])

/** Pragmas that only report, whatever argument they get. */
const reportingPragmas = new Set([
  'collation_list',
  'compile_options',
  'data_version',
  'database_list',
  'foreign_key_check',
  'foreign_key_list',
  'freelist_count',
  'function_list',
  'index_info',
  'index_list',
  'index_xinfo',
  'integrity_check',
  'module_list',
  'page_count',
  'pragma_list',
  'quick_check',
  'table_info',
  'table_list',
  'table_xinfo',
])

/** Pragmas that report without a value and change something with one. */
const settablePragmas = new Set([
  'application_id',
  'auto_vacuum',
  'cache_size',
  'encoding',
  'foreign_keys',
  'journal_mode',
  'journal_size_limit',
  'max_page_count',
  'page_size',
  'schema_version',
  'synchronous',
  'user_version',
  'wal_autocheckpoint',
])

/** Pragmas with which the owner would move the ground under the engine: its locks, its marks, its durability. */
const refusedPragmas = new Set([
  'application_id',
  'busy_timeout',
  'locking_mode',
  'query_only',
  'synchronous',
  'user_version',
  'writable_schema',
])

/** What only the owner sees: who may call, and for what. */
const hiddenTable = 'hivewax_tokens'

/** The authorizer of SQLite, https://sqlite.org/c3ref/set_authorizer.html: may this step of a statement be? */
// biome-ignore lint/complexity/useMaxParams: what SQLite calls it with, behind the mode.
export function authorize(mode: Mode, action: number, first: string | null, second: string | null): boolean {
  if (mode === 'own') return true
  if (action === constants.SQLITE_PRAGMA) return allowsPragma(mode, first ?? '', second)
  if (mode === 'execute') return !moving.has(action)
  const isHidden = mode === 'guest' && action === constants.SQLITE_READ && first === hiddenTable
  return reading.has(action) && !isHidden && !isDangerous(action, second)
}

function allowsPragma(mode: Mode, name: string, value: string | null): boolean {
  const pragma = name.toLowerCase()
  if (mode !== 'execute')
    return reportingPragmas.has(pragma) || (settablePragmas.has(pragma) && value === null)
  if (pragma === 'journal_mode') return value === null || value.toLowerCase() === 'wal'
  return value === null || !refusedPragmas.has(pragma)
}

function isDangerous(action: number, name: string | null): boolean {
  return action === constants.SQLITE_FUNCTION && /^(load_extension|fts3_tokenizer)$/i.test(name ?? '')
}
