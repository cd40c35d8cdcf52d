import { InvalidInput } from '../errors.ts'
import { checkName } from '../util/check.ts'
import { toDate } from '../util/time.ts'
import type { TimeOrDuration } from '../util/time-or-duration.ts'
import { Sketch } from './sketch.ts'
import { decodeTags, type Tag } from './tags.ts'

/** A stretch of time. */
export interface TimeRange {
  /** From when on; a length of time, such as `'1h'`, goes back from now. Default: the beginning. */
  since?: TimeOrDuration | undefined
  /** Until when, that moment excluded, in the same forms. Default: the end. */
  until?: TimeOrDuration | undefined
}

export interface SummaryOptions extends TimeRange {
  /** `minute`, `hour` or `day`, in UTC; else the name of a tag (`tag:day` for one with such a name). */
  groupBy?: string | undefined
}

/** What a metric's measurements amount to, all of them or those of one group. */
export interface MetricSummary {
  /**
   * The value of the tag, as it was recorded; or the start of the minute, hour or day as ISO 8601 text.
   * Absent without `groupBy`, and for the measurements that lack the tag.
   */
  group?: Tag
  count: number
  mean: number
  min: number
  max: number
  p50: number
  p95: number
  p99: number
  /**
   * True when the percentiles are values that were measured. False when some of the measurements are known by
   * rolled-up figures only: then percentiles are within 1 % of such a value; all else is exact in any case.
   */
  exact: boolean
}

/** A measurement as its columns hold it: only what the grouping needs is read. */
export interface Measurement {
  value: number
  tags: string | null
  timestamp: string
}

/** Where and when something was measured. */
type Place = Omit<Measurement, 'value'>
type Grouping = (place: Place) => Tag | undefined

interface Group {
  values: number[]
  /** What is known by figures only. */
  rolledUp: Sketch | undefined
}

/** Values take 8 bytes each while they are gathered. */
const maxValues = 10_000_000
const maxGroups = 10_000

/** What completes the ISO text of a minute, hour or day. */
const buckets = new Map([
  ['minute', ':00.000Z'],
  ['hour', ':00:00.000Z'],
  ['day', 'T00:00:00.000Z'],
])

/** Gathers measurements, then says what they amount to. */
export class Summary {
  readonly #groupOf: Grouping
  readonly #groups = new Map<Tag | undefined, Group>()
  #count = 0

  constructor(groupBy: string | undefined) {
    this.#groupOf = grouping(groupBy)
  }

  /** InvalidInput `too_large` when it becomes more than a summary can hold. */
  add(measurement: Measurement): void {
    this.#group(measurement).values.push(measurement.value)
    this.#count++
    if (this.#count > maxValues) throw tooMany(`${maxValues} measurements`)
  }

  /** Adds the figures of a window, which belong where it begins. */
  merge(place: Place, figures: Sketch): void {
    const group = this.#group(place)
    group.rolledUp ??= new Sketch()
    group.rolledUp.merge(figures)
  }

  #group(place: Place): Group {
    const key = this.#groupOf(place)
    const known = this.#groups.get(key)
    if (known !== undefined) return known
    const group: Group = { values: [], rolledUp: undefined }
    this.#groups.set(key, group)
    if (this.#groups.size > maxGroups) throw tooMany(`${maxGroups} groups`)
    return group
  }

  /** One row per group, in the order of the groups. Ends the gathering. */
  rows(): MetricSummary[] {
    const groups = [...this.#groups].sort(([a], [b]) => compareGroups(a, b))
    return groups.map(([key, group]) =>
      key === undefined ? figures(group) : { group: key, ...figures(group) },
    )
  }
}

function grouping(groupBy: string | undefined): Grouping {
  if (groupBy === undefined) return () => undefined
  const rest = buckets.get(groupBy)
  if (rest !== undefined)
    return ({ timestamp }) => toDate(timestamp).toISOString().slice(0, -rest.length) + rest
  const tag = checkName('groupBy', groupBy.replace(/^tag:/, ''))
  return place => tagOf(place, tag)
}

/** Tags may be called `constructor` or `__proto__`, which every object seems to have. */
function tagOf(place: Place, tag: string): Tag | undefined {
  const tags = decodeTags(place.tags)
  return Object.hasOwn(tags, tag) ? tags[tag] : undefined
}

/** A group holds one value at least. */
function figures({ values, rolledUp }: Group): MetricSummary {
  if (rolledUp === undefined) return exactFigures(values)
  for (const value of values) rolledUp.add(value)
  const { count, sum, min, max } = rolledUp
  return {
    count,
    mean: sum / count,
    min,
    max,
    p50: rolledUp.percentile(50),
    p95: rolledUp.percentile(95),
    p99: rolledUp.percentile(99),
    exact: false,
  }
}

function exactFigures(values: readonly number[]): MetricSummary {
  const sorted = Float64Array.from(values).sort()
  const rank = (percent: number) => sorted[Math.max(1, Math.ceil((sorted.length * percent) / 100)) - 1] ?? 0
  return {
    count: sorted.length,
    mean: meanOf(sorted),
    min: rank(0),
    max: rank(100),
    p50: rank(50),
    p95: rank(95),
    p99: rank(99),
    exact: true,
  }
}

/** Of values whose sum is more than a number can be, from their shares. */
function meanOf(values: Float64Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return Number.isFinite(mean) ? mean : values.reduce((sum, value) => sum + value / values.length, 0)
}

/** Numbers by size, all else by text, what has no group last. */
function compareGroups(a: Tag | undefined, b: Tag | undefined): number {
  if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined)
  if (typeof a === 'number' && typeof b === 'number') return a - b
  return String(a) < String(b) ? -1 : 1
}

function tooMany(what: string): InvalidInput {
  return new InvalidInput(
    `the summary would take more than ${what}`,
    { hint: 'Pass a later since, or group by something with fewer values.' },
    'too_large',
  )
}
