import type { TaskGraph } from '../../tasks/task-graph.ts'
import { visible } from '../../util/visible.ts'
import type { Colours } from '../print/colour.ts'
import { displayWidth, oneLine, truncate } from '../print/display-text.ts'
import { type OutlineLine, outline } from './outline.ts'
import { lookOf } from './status.ts'

export interface AsciiStyle {
  readonly colours: Colours
  /** In columns; undefined where nothing may be shortened. */
  readonly width: number | undefined
}

/** Narrower remains of a description say nothing. */
const minDescription = 6

/** At most so many of the other tasks that a task waits for are named. */
const maxOthers = 3

/** The graph as lines for people: an outline with signs, colours and words for how each task stands. */
export function asciiGraph(graph: TaskGraph, style: AsciiStyle): string[] {
  return outline(graph).map(line => (line.shown === 'here' ? full(line, style) : reference(line, style)))
}

function full(line: OutlineLine, { colours, width }: AsciiStyle): string {
  const { branch, node } = line
  const { sign, colour } = lookOf(node.status)
  const id = clean(node.id)
  const facts = [stand(node), ...conditions(line)].join(', ')
  const used = displayWidth(branch) + displayWidth(sign) + displayWidth(id) + displayWidth(facts) + 5
  const description = shorten(clean(node.description), width === undefined ? undefined : width - used)
  const named = `${branch}${colours[colour](sign)} ${colours.bold(id)}`
  return [named, description, colours[colour](facts)].filter(Boolean).join('  ')
}

function reference({ branch, node, shown }: OutlineLine, { colours }: AsciiStyle): string {
  const { sign, colour } = lookOf(node.status)
  return `${branch}${colours[colour](sign)} ${clean(node.id)}  ${colours.dim(`see ${shown}`)}`
}

function stand({ status, assignedTo }: OutlineLine['node']): string {
  return status === 'running' && assignedTo !== undefined ? `running by ${clean(assignedTo)}` : status
}

/** What is special about how a task waits. */
function* conditions({ edge, others }: OutlineLine): Generator<string> {
  if (edge?.onFailure === 'skip') yield `skipped if ${clean(edge.from)} fails`
  if (edge?.onFailure === 'ignore') yield `even if ${clean(edge.from)} fails`
  if (others.length === 0) return
  const more = others.length > maxOthers ? ` and ${others.length - maxOthers} more` : ''
  yield `also after ${others.slice(0, maxOthers).map(clean).join(', ')}${more}`
}

function shorten(text: string, width: number | undefined): string {
  if (width === undefined || displayWidth(text) <= width) return text
  return width < minDescription ? '' : truncate(text, width)
}

function clean(text: string): string {
  return visible(oneLine(text))
}
