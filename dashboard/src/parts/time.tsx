import { useSyncExternalStore } from 'react'
import { usePrefs } from '../prefs.ts'

const tickMs = 5_000

let now = Date.now()
const listeners = new Set<() => void>()
setInterval(() => {
  if (document.hidden) return
  now = Date.now()
  for (const listener of listeners) listener()
}, tickMs)

function useNow(): number {
  const subscribe = (listener: () => void) => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }
  return useSyncExternalStore(subscribe, () => now)
}

const units: readonly [ms: number, unit: string][] = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1_000, 's'],
]

/** A length of time by its largest unit: `4 min`. */
export function lengthOf(ms: number): string {
  const [size, unit] = units.find(([size]) => ms >= size) ?? [1, 'ms']
  return `${Math.floor(ms / size)} ${unit}`
}

/** A moment as its reader wants it; exactly, in both ways, on hover. */
export function Time({ at }: { at: string }) {
  const { time } = usePrefs()
  const ms = Date.parse(at)
  const shown = time === 'relative' ? <Relative ms={ms} /> : time === 'utc' ? utc(at) : local(ms)
  return (
    <time dateTime={at} title={`${local(ms)} · ${at}`} className="time">
      {shown}
    </time>
  )
}

function Relative({ ms }: { ms: number }) {
  const ago = useNow() - ms
  if (Math.abs(ago) < tickMs) return 'just now'
  return ago > 0 ? `${lengthOf(ago)} ago` : `in ${lengthOf(-ago)}`
}

function utc(at: string): string {
  return at.replace('T', ' ').replace(/\.\d+Z$/, 'Z')
}

function local(ms: number): string {
  const date = new Date(ms)
  const two = (value: number) => String(value).padStart(2, '0')
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-')
  return `${day} ${[date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':')}`
}
