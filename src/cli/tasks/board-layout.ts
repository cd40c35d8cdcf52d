import { visible } from '../../util/visible.ts'
import type { Colours } from '../print/colour.ts'
import { displayWidth, pad, truncate } from '../print/display-text.ts'
import { localTime } from '../print/value.ts'
import type { Board } from './board.ts'
import { type Card, type Panel, panels } from './board-panels.ts'

/** How a board is laid out. */
export interface BoardStyle {
  readonly colours: Colours
  readonly width: number
  /** In lines; infinite where nothing has to fit. */
  readonly height: number
}

/** Five columns side by side need so many terminal columns to say anything. */
const minColumnsWidth = 130
const gap = 2

/** The board as lines, none wider than the style, and no more than its height. */
export function boardLines(board: Board, style: BoardStyle): string[] {
  const top = head(board, style)
  const parts = panels(board)
  const rest = { ...style, height: Math.max(0, style.height - top.length) }
  const body = style.width >= minColumnsWidth ? columns(parts, rest) : stack(parts, rest)
  return [...top, ...body].slice(0, style.height)
}

function head(board: Board, { colours, width }: BoardStyle): string[] {
  const { alive, more } = board.agents
  const names = alive.length === 0 ? '' : `: ${alive.join(', ')}`
  const limits = board.queues.map(({ queue, running, maxRunning }) => `${queue} ${running} of ${maxRunning}`)
  const lines = [
    `${localTime(board.at)}  ${board.url}`,
    `Agents alive ${alive.length}${more ? ' and more' : ''}${names}`,
    ...(limits.length > 0 ? [`Running by queue: ${limits.join(', ')}`] : []),
    ...(board.cancelled > 0 ? [`Cancelled ${board.cancelled.toLocaleString('en')}`] : []),
  ]
  return lines.map(line => colours.dim(truncate(visible(line), width)))
}

/** One below the other, a line per task; those with many tasks share what room the others leave. */
function stack(parts: readonly Panel[], { height, ...style }: BoardStyle): string[] {
  const rooms = share(
    parts.map(({ cards }) => cards.length),
    height - parts.length,
  )
  return parts.flatMap((part, i) => {
    const cards = part.cards.slice(0, rooms[i])
    return [heading(part, cards.length, style), ...cards.map(card => row(card, part, style))]
  })
}

/** Side by side, two lines per task. */
function columns(parts: readonly Panel[], { height, width, colours }: BoardStyle): string[] {
  const each = Math.floor((width - gap * (parts.length - 1)) / parts.length)
  const style = { colours, width: each }
  const stacks = parts.map(part => {
    const cards = part.cards.slice(0, Math.max(0, Math.floor((height - 1) / 2)))
    return [heading(part, cards.length, style), ...cards.flatMap(card => twoLines(card, part, style))]
  })
  const longest = Math.max(...stacks.map(lines => lines.length))
  const blank = ' '.repeat(each)
  return Array.from({ length: longest }, (_, i) =>
    stacks
      .map(lines => lines[i] ?? blank)
      .join(' '.repeat(gap))
      .trimEnd(),
  )
}

type LineStyle = Omit<BoardStyle, 'height'>

function heading({ title, colour, count }: Panel, shown: number, { colours, width }: LineStyle): string {
  const first = count > shown && shown > 0 ? `, first ${shown}` : ''
  const text = truncate(`${title} ${count.toLocaleString('en')}${first} `, width)
  return colours[colour](colours.bold(text) + '─'.repeat(width - displayWidth(text)))
}

/** Of what does not fit, the description is cut first, and then the facts. */
function row(
  { sign, name, description, facts }: Card,
  { colour }: Panel,
  { colours, width }: LineStyle,
): string {
  const names = truncate(name, Math.floor(width / 3))
  const room = width - displayWidth(sign) - displayWidth(names) - 2
  const said = truncate(facts, Math.max(0, room - 12))
  const between = room - displayWidth(said) - 3
  const what = pad(truncate(description, between), between)
  return `${colours[colour](sign)} ${colours.bold(names)}  ${what}  ${colours.dim(said)}`
}

function twoLines({ sign, name, description, facts }: Card, { colour }: Panel, style: LineStyle): string[] {
  const { colours, width } = style
  const text = pad(truncate(`${name} ${description}`, width - 2), width - 2)
  return [`${colours[colour](sign)} ${text}`, colours.dim(pad(`  ${truncate(facts, width - 2)}`, width))]
}

/** Divides lines among sections: each gets what it wants, or as much as any other that gets less. */
export function share(wants: readonly number[], lines: number): number[] {
  const got = wants.map(() => 0)
  for (let left = lines; left > 0; ) {
    const hungry = wants.flatMap((want, i) => ((got[i] ?? 0) < want ? [i] : []))
    if (hungry.length === 0) break
    for (const i of hungry.slice(0, left)) got[i] = (got[i] ?? 0) + 1
    left -= hungry.length
  }
  return got
}
