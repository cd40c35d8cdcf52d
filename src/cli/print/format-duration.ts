const units = [
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
  ['s', 1],
] as const

/** A length of time for people, by its two largest units: `5s`, `2m 10s`, `3d 4h`. Below a second it is `0s`. */
export function formatDuration(ms: number): string {
  let seconds = Math.max(0, Math.floor(ms / 1000))
  const parts: string[] = []
  for (const [unit, size] of units) {
    const count = Math.floor(seconds / size)
    if (count > 0) parts.push(`${count}${unit}`)
    else if (parts.length > 0) break
    seconds -= count * size
  }
  return parts.slice(0, 2).join(' ') || '0s'
}
