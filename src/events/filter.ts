import type { Dialect } from '../db/db.ts'
import { join, type Sql, sql } from '../db/sql.ts'
import { InvalidInput } from '../errors.ts'
import { checkName, checkNames } from '../util/check.ts'
import { checkGlob, literalPrefix } from '../util/glob.ts'
import { checkTime } from '../util/time.ts'

export interface EventFilter {
  /** Only events of these types. A glob stands for many: `task.*`, with `?` and `[…]` too. */
  types?: readonly string[] | undefined
  /** Only events of this source. */
  source?: string | undefined
}

export interface EventRange extends EventFilter {
  /** Only events up to this id, itself included. */
  until?: number | undefined
  /** Only events logged at this time or later. */
  from?: Date | undefined
  /** Only events logged before this time. */
  to?: Date | undefined
}

/** The conditions that an event must meet. */
export interface Filter {
  where: readonly Sql[]
  /** False when events must be looked through one by one to find those that meet them. */
  isServed: boolean
}

/** The checked form of a filter, but for `until`, a bound of ids. The only indexes are that of ids and that of types. */
export function filterOf(dialect: Dialect, { types, source, from, to }: EventRange): Filter {
  const where: Sql[] = []
  const names = types && checkTypes(types)
  if (names !== undefined) where.push(ofTypes(dialect, names))
  if (source !== undefined) where.push(sql`source = ${checkName('source', source)}`)
  if (from !== undefined) where.push(sql`timestamp >= ${checkTime('from', from)}`)
  if (to !== undefined) where.push(sql`timestamp < ${checkTime('to', to)}`)
  const isServed = !names?.some(isGlob) && source === undefined && from === undefined && to === undefined
  return { where, isServed }
}

function ofTypes(dialect: Dialect, types: readonly string[]): Sql {
  const names = types.filter(type => !isGlob(type))
  const globs = types.filter(isGlob).map(glob => dialect.glob(sql`type`, checkGlob(glob)))
  const conditions = names.length === 0 ? globs : [sql`type in (${join(names)})`, ...globs]
  return sql`(${join(conditions, ' or ')})`
}

function isGlob(type: string): boolean {
  return literalPrefix(type) !== type
}

function checkTypes(types: readonly string[]): string[] {
  const names = checkNames('types', types)
  if (names.length > 0) return names
  throw new InvalidInput('types must name at least one type', {
    hint: 'Leave it out for events of every type.',
  })
}
