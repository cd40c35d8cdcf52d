import type { Context } from '../context.ts'
import type { Dialect } from '../db/db.ts'
import { isLeased } from '../db/lease.ts'
import { join, type Sql, sql } from '../db/sql.ts'
import { checkOneOf } from '../util/check.ts'

/** What one holder has for itself at a time: until its lease ends; an open vote, until it is over. */
type HeldKind = (typeof kinds)[number]

/** Something that may be held, by the name or id of its record. */
export interface Held {
  readonly kind: HeldKind
  readonly name: string
}

/** Who has it, or had it last. */
export interface Holder extends Held {
  /** Undefined for nobody, or somebody who said no name. */
  readonly owner: string | undefined
  /** The fencing token of that holder; 0 where there are none. */
  readonly token: number
  /** Whether it is held at this moment. */
  readonly isHeld: boolean
}

interface Table {
  readonly table: Sql
  readonly name: Sql
  readonly owner: Sql
  readonly token: Sql
  readonly isHeld: (dialect: Dialect) => Sql
}

const none = sql`0`

const kinds = ['task', 'lock', 'lease', 'group', 'run', 'vote'] as const

const tables: Record<HeldKind, Table> = {
  task: {
    table: sql`tasks`,
    name: sql`id`,
    owner: sql`assigned_to`,
    token: sql`token`,
    isHeld: dialect => sql`status = 'running' and ${isLeased(dialect)}`,
  },
  lock: {
    table: sql`hivewax_locks`,
    name: sql`name`,
    owner: sql`owner`,
    token: sql`token`,
    isHeld: dialect => isLeased(dialect),
  },
  lease: {
    table: sql`hivewax_leases`,
    name: sql`id`,
    owner: sql`owner`,
    token: none,
    isHeld: dialect => isLeased(dialect),
  },
  group: {
    table: sql`hivewax_event_offsets`,
    name: sql`group_name`,
    owner: sql`owner`,
    token: sql`token`,
    isHeld: dialect => isLeased(dialect),
  },
  run: {
    table: sql`hivewax_workflow_runs`,
    name: sql`workflow_id`,
    owner: sql`owner`,
    token: sql`token`,
    isHeld: dialect => sql`status = 'open' and ${isLeased(dialect)}`,
  },
  vote: {
    table: sql`consensus_state`,
    name: sql`key`,
    owner: sql`proposer`,
    token: none,
    isHeld: dialect =>
      sql`status = 'open' and voters is not null and (deadline is null or deadline > ${dialect.now()})`,
  },
}

/** See `Agents.holders`. */
export async function holdersOf({ db }: Context, held: readonly Held[]): Promise<Holder[]> {
  const names = Map.groupBy(held, ({ kind }) => checkOneOf('kind', kind, kinds))
  if (names.size === 0) return []
  const asked = [...names].map(([kind, list]) => {
    const { table, name, owner, token, isHeld } = tables[kind]
    const isAsked = db.dialect.inList(
      name,
      list.map(each => each.name),
    )
    return sql`select cast(${kind} as text) as kind, ${name} as name, ${owner} as owner, ${token} as token,
        case when ${isHeld(db.dialect)} then 1 else 0 end as is_held from ${table} where ${isAsked}`
  })
  const rows = await db.all<{
    kind: HeldKind
    name: string
    owner: string | null
    token: number
    is_held: number
  }>(join(asked, ' union all '))
  return rows.map(({ owner, is_held, ...row }) => ({
    ...row,
    owner: owner ?? undefined,
    isHeld: is_held === 1,
  }))
}
