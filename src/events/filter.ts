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

/** A span of time: from its beginning on, and before its end. */
export interface TimeSpan {
  from?: Sql | Date | undefined
  to?: Sql | Date | undefined
}

/** The conditions that an event must meet. */
export interface Filter extends TimeSpan {
  /** On its type; undefined for any. */
  types?: Sql | undefined
  /** Its types, when they are few and no globs: an index has the events of each in order. */
  names?: readonly string[] | undefined
  source?: string | undefined
}

/** Types of which one statement reads the events of each in order. */
const maxNames = 20

/** The checked form of a filter, but for `until`, a bound of ids. */
export function filterOf(dialect: Dialect, { types, source, from, to }: EventRange): Filter {
  const names = types && checkTypes(types)
  const areFew = names !== undefined && names.length <= maxNames && !names.some(isGlob)
  return {
    types: names && ofTypes(dialect, names),
    names: areFew ? names : undefined,
    source: source === undefined ? undefined : checkName('source', source),
    from: from === undefined ? undefined : checkTime('from', from),
    to: to === undefined ? undefined : checkTime('to', to),
  }
}

/** All conditions of a filter. */
export function conditionsOf({ types, source, from, to }: Filter): Sql[] {
  const where = types === undefined ? [] : [types]
  if (source !== undefined) where.push(sql`source = ${source}`)
  if (from !== undefined) where.push(sql`timestamp >= ${from}`)
  if (to !== undefined) where.push(sql`timestamp < ${to}`)
  return where
}

/** True when it asks for nothing but types. */
export function isOfTypes({ source, from, to }: Filter): boolean {
  return source === undefined && from === undefined && to === undefined
}

/** False when events must be looked through one by one to find those that meet a filter. */
export function isServed(filter: Filter): boolean {
  return isOfTypes(filter) && (filter.types === undefined || filter.names !== undefined)
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
