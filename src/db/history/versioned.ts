import type { Columns } from '../columns.ts'

/** A table whose records leave a version when they are replaced or deleted, which triggers see to. */
export interface Versioned {
  /** The table of the versions. */
  readonly history: string
  /** What names a record. */
  readonly key: readonly string[]
  /** What its versions hold. */
  readonly content: Columns
}

export const versioned = {
  memory_store: {
    history: 'hivewax_memory_history',
    key: ['namespace', 'key'],
    content: { value: 'text?', metadata: 'text?', expires_at: 'time?' },
  },
  agent_memory: {
    history: 'hivewax_agent_memory_history',
    key: ['agent_id', 'key'],
    content: { value: 'text?' },
  },
  patterns: {
    history: 'hivewax_pattern_history',
    key: ['id'],
    content: { type: 'text?', pattern_data: 'text?', metadata: 'text?', prior: 'number?' },
  },
} as const satisfies Record<string, Versioned>

export type VersionedTable = keyof typeof versioned
