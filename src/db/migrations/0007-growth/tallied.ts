/** A table whose rows are counted: see `hivewax_tallies`. */
export interface Tallied {
  readonly name: string
  /** What rows are told apart by, as that of `row`. */
  readonly part: (row: string) => string
  /** The column that it is made of, where it can change. */
  readonly column?: string
}

export const talliedTables: readonly Tallied[] = [
  { name: 'memory_store', part: row => `coalesce(${row}.namespace, '')`, column: 'namespace' },
  // Of all statuses together: what a claim or a completion changes is to fire no trigger.
  { name: 'tasks', part: () => `''` },
  { name: 'events', part: row => `${row}.type`, column: 'type' },
]

/** Events that are counted together later are as many at most; those that are there are told apart by their ids. */
const spanSize = 2_000

/** Counts what is there when the tables are made: whoever asks first is not to wait for it. */
export const countPresent = `${talliedTables
  .map(
    ({ name, part }) => `
insert into hivewax_tallies (source, part, amount)
select '${name}', ${part(name)}, count(*) from ${name} group by 2;`,
  )
  .join('')}
insert into hivewax_event_spans (last_id, first_id, earliest, latest)
select max(id), min(id), min(timestamp), max(timestamp) from events group by id / ${spanSize};
`
