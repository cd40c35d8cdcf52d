/** A table whose records leave a version when they are replaced or deleted. */
export interface Table {
  readonly name: string
  /** Where the versions are. */
  readonly history: string
  /** What names a record. */
  readonly key: readonly string[]
  /** What a version holds, and a later one may hold otherwise. */
  readonly content: readonly string[]
  /** Those of the content that no checksum covers. */
  readonly uncovered: readonly string[]
  /** Those of the content that are numbers or times. */
  readonly numbers?: readonly string[]
  readonly times?: readonly string[]
  /** How many versions of a record are kept, in terms of its row `old`. */
  readonly limit: string
}

/** Versions of a record that are kept at least, unless somebody has said otherwise of its namespace. */
const kept = 20

/** How many changes of a record pass between two looks at how many versions it has. */
export const pruneEvery = 8

export const tables: readonly Table[] = [
  {
    name: 'memory_store',
    history: 'hivewax_memory_history',
    key: ['namespace', 'key'],
    content: ['value', 'metadata', 'expires_at'],
    uncovered: ['expires_at'],
    times: ['expires_at'],
    limit: `coalesce((select versions from hivewax_history_limits where namespace = old.namespace), ${kept})`,
  },
  {
    name: 'agent_memory',
    history: 'hivewax_agent_memory_history',
    key: ['agent_id', 'key'],
    content: ['value'],
    uncovered: [],
    limit: `${kept}`,
  },
  {
    name: 'patterns',
    history: 'hivewax_pattern_history',
    key: ['id'],
    content: ['type', 'pattern_data', 'metadata', 'prior'],
    uncovered: ['prior'],
    numbers: ['prior'],
    limit: `${kept}`,
  },
]

/** The columns that a version takes over from its record. */
export function takenOver({ key, content }: Table): string[] {
  return [...key, 'revision', ...content, 'author', 'created_at', 'updated_at', 'crc']
}

/** The record was there until it was replaced: one that has expired leaves no version. */
export function wasThere({ times = [] }: Table, at: string): string {
  return times.includes('expires_at') ? `(old.expires_at is null or old.expires_at > ${at})` : 'true'
}

/** A column of the record that is replaced. Only SQL from outside leaves out a namespace. */
export function oldOf(column: string): string {
  return column === 'namespace' ? `coalesce(old.namespace, '')` : `old.${column}`
}

/** The versions of the record that is replaced. */
export function isSame({ key }: Table): string {
  return key.map(column => `${column} = ${oldOf(column)}`).join(' and ')
}
