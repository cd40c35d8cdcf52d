import { useVirtualizer } from '@tanstack/react-virtual'
import {
  type CSSProperties,
  type KeyboardEvent,
  type ReactNode,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
} from 'react'
import { plural } from './numbers.ts'
import { isTyping } from './typing.ts'
import { useSteady } from './use-steady.ts'

export interface Column<T> {
  readonly title: string
  /** As CSS has the track of a grid. */
  readonly width: string
  readonly cell: (row: T) => ReactNode
  readonly isNumber?: boolean
  /** Left out where there is no room. */
  readonly isExtra?: boolean
}

interface ListProps<T> {
  readonly label: string
  readonly columns: readonly Column<T>[]
  readonly rows: readonly T[]
  readonly idOf: (row: T) => string
  readonly selected: string | undefined
  readonly onOpen: (row: T) => void
  /** What is listed: with another one the list begins anew. */
  readonly scope: string
  /** Is called when the end comes near, while there is more. */
  readonly onMore?: (() => void) | undefined
  /** Shown when there are no rows. */
  readonly empty: ReactNode
}

const rowHeight = 32

/** Rows that can be many: only those in sight are in the page. By keyboard: j, k, arrows, Home, End, Enter. */
export function List<T>(props: ListProps<T>) {
  const { label, columns, idOf, selected, onOpen, scope, onMore, empty } = props
  const { rows, waiting, show, guards } = useSteady(props.rows, idOf, scope)
  const scroller = useRef<HTMLDivElement>(null)
  const [at, setAt] = useState(0)
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 12,
  })
  const items = virtual.getVirtualItems()
  const last = items.at(-1)?.index ?? 0
  useEffect(() => {
    if (onMore !== undefined && last >= rows.length - 20) onMore()
  }, [last, rows.length, onMore])

  // The row that the keys have gone to while it is not in the page yet: keys pressed meanwhile go on from it.
  const wanted = useRef<number>(undefined)
  const focusWanted = () => {
    const row = scroller.current?.querySelector<HTMLElement>(`[data-index="${wanted.current}"]`)
    if (row == null) return
    wanted.current = undefined
    row.focus({ preventScroll: true })
  }
  useLayoutEffect(() => {
    if (wanted.current !== undefined) focusWanted()
  })
  const focusRow = (index: number) => {
    const next = Math.max(0, Math.min(rows.length - 1, index))
    setAt(next)
    virtual.scrollToIndex(next)
    wanted.current = next
    focusWanted()
  }
  const move = (key: string) => {
    focusRow(wanted.current === undefined ? 0 : (nextIndex(key, wanted.current, rows.length) ?? 0))
  }
  const latestMove = useRef(move)
  latestMove.current = move
  // Before the browser paints: whoever sees the list can use its keys.
  useLayoutEffect(() => {
    const onKey = (event: globalThis.KeyboardEvent) => {
      if (isTyping(event) || !['j', 'k'].includes(event.key)) return
      if (scroller.current?.contains(document.activeElement)) return
      event.preventDefault()
      latestMove.current(event.key)
    }
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  }, [])
  const onKeyDown = (event: KeyboardEvent) => {
    const index = nextIndex(event.key, at, rows.length)
    if (index === undefined) return
    focusRow(index)
    event.preventDefault()
  }

  if (rows.length === 0 && waiting === 0) return <div className="list">{empty}</div>
  const tracks = tracksOf(columns)
  return (
    <div className="list" {...guards}>
      {waiting > 0 && (
        <button type="button" className="waiting-rows" onClick={show}>
          {plural(waiting, 'change')}
        </button>
      )}
      <div
        role="grid"
        aria-label={label}
        aria-rowcount={rows.length + 1}
        className="grid"
        ref={scroller}
        onKeyDown={onKeyDown}
      >
        <div role="row" aria-rowindex={1} tabIndex={-1} className="grid-row head" style={tracks}>
          {columns.map(column => (
            <div role="columnheader" tabIndex={-1} key={column.title} className={cellClass(column)}>
              {column.title}
            </div>
          ))}
        </div>
        <div role="rowgroup" className="grid-body" style={{ height: virtual.getTotalSize() }}>
          {items.map(({ index, start }) => {
            const row = rows[index] as T
            const id = idOf(row)
            return (
              <div
                role="row"
                key={id}
                data-index={index}
                aria-rowindex={index + 2}
                aria-selected={id === selected}
                tabIndex={index === Math.min(at, rows.length - 1) ? 0 : -1}
                className="grid-row"
                style={{ ...tracks, transform: `translateY(${start}px)` }}
                onFocus={() => setAt(index)}
                onClick={() => onOpen(row)}
                onKeyDown={event => {
                  if (event.key === 'Enter' && event.target === event.currentTarget) onOpen(row)
                }}
              >
                {columns.map(column => (
                  // biome-ignore lint/a11y/useFocusableInteractive: the row is what is focused
                  <div role="gridcell" key={column.title} className={cellClass(column)}>
                    {column.cell(row)}
                  </div>
                ))}
              </div>
            )
          })}
        </div>
      </div>
    </div>
  )
}

/** The widths of the columns, and those that are left where there is little room; the style sheet takes its pick. */
function tracksOf<T>(columns: readonly Column<T>[]): CSSProperties {
  const join = (some: readonly Column<T>[]) => some.map(({ width }) => width).join(' ')
  const tracks = {
    '--tracks': join(columns),
    '--few-tracks': join(columns.filter(({ isExtra }) => !isExtra)),
  }
  return tracks as CSSProperties
}

function cellClass<T>({ isNumber, isExtra }: Column<T>): string {
  return `cell${isNumber ? ' number' : ''}${isExtra ? ' extra' : ''}`
}

function nextIndex(key: string, at: number, length: number): number | undefined {
  const page = 20
  const steps: Readonly<Record<string, number>> = {
    j: at + 1,
    ArrowDown: at + 1,
    k: at - 1,
    ArrowUp: at - 1,
    Home: 0,
    End: length - 1,
    PageDown: at + page,
    PageUp: at - page,
  }
  return steps[key]
}
