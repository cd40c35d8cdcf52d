import type { Context } from '../context.ts'
import type { Dialect } from '../db/db.ts'
import { isLeased } from '../db/lease.ts'
import { join, type Sql, sql } from '../db/sql.ts'
import { checkOneOf } from '../util/check.ts'
import { type Leased, type LeaseTable, leaseTables } from './lease-tables.ts'

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

const kinds = ['task', 'lock', 'lease', 'group', 'run', 'vote'] as const

/** Which leases those are; a vote is held by who proposed it, for as long as it is open. */
const leases: Record<Exclude<HeldKind, 'vote'>, Leased> = {
  task: 'tasks',
  lock: 'locks',
  lease: 'leases',
  group: 'groups',
  run: 'workflows',
}

function tableOf(kind: HeldKind, dialect: Dialect): LeaseTable & { isHeld: Sql } {
  if (kind !== 'vote') {
    const leased = leaseTables[leases[kind]]
    return { ...leased, isHeld: sql`${leased.where} and ${isLeased(dialect)}` }
  }
  const where = sql`status = 'open' and voters is not null`
  return {
    table: sql`consensus_state`,
    name: sql`key`,
    owner: sql`proposer`,
    token: sql`0`,
    where,
    isHeld: sql`${where} and (deadline is null or deadline > ${dialect.now()})`,
  }
}

/** See `Agents.holders`. */
export async function holdersOf({ db }: Context, held: readonly Held[]): Promise<Holder[]> {
  const names = Map.groupBy(held, ({ kind }) => checkOneOf('kind', kind, kinds))
  if (names.size === 0) return []
  const asked = [...names].map(([kind, list]) => {
    const { table, name, owner, token, isHeld } = tableOf(kind, db.dialect)
    const isAsked = db.dialect.inList(
      name,
      list.map(each => each.name),
    )
    return sql`select cast(${kind} as text) as kind, ${name} as name, ${owner} as owner, ${token} as token,
        case when ${isHeld} then 1 else 0 end as is_held from ${table} where ${isAsked}`
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
