const minute = 60_000

const units = [
  ['d', 1440 * minute],
  ['h', 60 * minute],
  ['min', minute],
  ['s', 1000],
] as const

/** How long ago a time was, or how far ahead it is, in its largest unit: `3 min ago`, `in 2 h`, `now`. */
export function relativeTime(date: Date, nowMs: number): string {
  const ms = date.getTime() - nowMs
  const [unit, size] = units.find(([, unitMs]) => Math.abs(ms) >= unitMs) ?? []
  if (unit === undefined) return 'now'
  const length = `${Math.floor(Math.abs(ms) / size)} ${unit}`
  return ms < 0 ? `${length} ago` : `in ${length}`
}
