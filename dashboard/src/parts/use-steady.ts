import { useRef, useState } from 'react'

interface Steady<T> {
  readonly rows: readonly T[]
  /** How many rows have come or gone that are not shown yet. */
  readonly waiting: number
  readonly show: () => void
  /** For the element in which the rows are. */
  readonly guards: {
    onPointerEnter: () => void
    onPointerLeave: () => void
  }
}

/**
 * Rows that do not move while somebody points at them: what is shown is kept up to date where it stands, and what comes
 * or goes waits until the pointer has left, or is asked for.
 * @param rows undefined until they are known
 * @param scope another one is another list
 */
export function useSteady<T>(rows: readonly T[], idOf: (row: T) => string, scope: string): Steady<T> {
  const [isHeld, hold] = useState(false)
  const shown = useRef<{ scope: string; ids: readonly string[]; last: ReadonlyMap<string, T> }>(undefined)
  const [, render] = useState(0)
  const byId = new Map(rows.map(row => [idOf(row), row]))
  const before = shown.current
  // A page more is what somebody has scrolled for.
  const isMore =
    before !== undefined &&
    rows.length > before.ids.length &&
    before.ids.every((id, i) => id === (rows[i] && idOf(rows[i])))
  if (before === undefined || !isHeld || isMore || before.ids.length === 0 || before.scope !== scope)
    shown.current = { scope, ids: [...byId.keys()], last: byId }
  const { ids, last } = shown.current ?? { ids: [], last: byId }
  const kept = ids.flatMap(id => byId.get(id) ?? last.get(id) ?? [])
  const gone = ids.filter(id => !byId.has(id)).length
  return {
    rows: kept,
    waiting: gone + rows.filter(row => !last.has(idOf(row))).length,
    show: () => {
      shown.current = undefined
      render(n => n + 1)
    },
    guards: { onPointerEnter: () => hold(true), onPointerLeave: () => hold(false) },
  }
}
