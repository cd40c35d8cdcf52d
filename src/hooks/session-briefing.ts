import type { EventRecord } from '../events/events.ts'
import { notice } from '../mcp/answer.ts'
import { escaped, sliced, tokens } from '../mcp/budget.ts'
import type { Memory } from '../memory.ts'
import type { Session } from '../sessions/sessions.ts'
import { isObject, type Json } from '../util/json.ts'
import { prefix } from './record-ids.ts'

export interface BriefingOptions {
  /** The session that begins. */
  readonly sessionId: string | undefined
  /** It goes on after its context was compacted: then it gets its own summary back. */
  readonly isCompacted: boolean
  /** How many tokens it may take. */
  readonly budget: number
}

/** Lines about one thing, and the share of the room that they may take, in parts of all. */
interface Section {
  readonly title: string
  readonly lines: readonly string[]
  readonly share: number
  /** Where the rest is. */
  readonly more: string
}

/** What one line may take, in characters, and what a value in it may; a shorter piece of one is of no use. */
const lineLength = 300
const valueLength = 160
const leastLine = 60

/** What a line of what was said may take: a summary is one. */
const saidLength = 2_400

/**
 * Where things stand, for a session that begins: open tasks, the latest decisions, the shared state, what the session
 * before came to. Stored text is quoted, between marks that it cannot contain. Undefined when there is nothing to
 * report.
 */
export async function sessionBriefing(memory: Memory, options: BriefingOptions): Promise<string | undefined> {
  const sections = (
    await Promise.all([
      options.isCompacted ? ownSession(memory, options) : lastSession(memory, options),
      openTasks(memory),
      decisions(memory),
      sharedState(memory),
    ])
  ).filter(({ lines }) => lines.length > 0)
  if (sections.length === 0) return undefined
  const head = `<hivewax-data source=${escaped(memory.url)}>\n${notice}`
  const tail = '</hivewax-data>'
  const room = options.budget * tokens.characters - head.length - tail.length
  return [head, ...fill(sections, room), tail].join('\n')
}

/** Gives each section its share of what the ones before have left. */
function fill(sections: readonly Section[], room: number): string[] {
  const all: string[] = []
  let left = room
  let shares = sections.reduce((sum, { share }) => sum + share, 0)
  for (const section of sections) {
    const lines = fitSection(section, (left * section.share) / shares)
    left -= lines.reduce((sum, line) => sum + line.length + 1, 0)
    shares -= section.share
    all.push(...lines)
  }
  return all
}

/** As many lines as fit, the first one cut where it does not fit whole; nothing where not even that is of use. */
function fitSection({ title, lines, more }: Section, room: number): string[] {
  const rest = (count: number) => (count === 0 ? [] : [`… ${count} more: ${more}`])
  let left = room - title.length - more.length - 20
  const shown: string[] = []
  for (const line of lines) {
    const isFirst = shown.length === 0
    if (line.length + 1 > left && (!isFirst || left < leastLine)) break
    shown.push(cut(line, left))
    left -= line.length + 1
  }
  return shown.length === 0 ? [] : [`${title}:`, ...shown, ...rest(lines.length - shown.length)]
}

async function openTasks(memory: Memory): Promise<Section> {
  const [running, lapsed, pending, counts] = await Promise.all([
    memory.tasks.list({ status: 'running', limit: 10 }),
    memory.tasks.list({ status: 'lapsed', limit: 10 }),
    memory.tasks.list({ status: 'pending', order: 'desc', limit: 10 }),
    memory.tasks.counts(),
  ])
  const lines = [...running.items, ...lapsed.items, ...pending.items].map(task => {
    const by =
      task.assignedTo === undefined
        ? 'waiting'
        : `${task.status === 'lapsed' ? 'left' : 'running'} by ${quote(task.assignedTo)}`
    return item(`${quote(task.id)} ${quote(task.description)} (${task.priority}, ${by})`)
  })
  const title = `Open tasks (${counts.running} running, ${counts.pending + counts.lapsed} waiting)`
  return { title, lines, share: 3, more: 'hivewax tasks list' }
}

async function decisions(memory: Memory): Promise<Section> {
  const [said, agreed] = await Promise.all([
    memory.events.list({ types: ['decision', 'handover'], order: 'desc', limit: 10 }),
    memory.consensus.list({ status: 'decided', limit: 100 }),
  ])
  const told = said.items.map(event => ({ at: event.timestamp, text: eventText(event) }))
  const voted = agreed.items.map(({ key, value, decidedAt, timestamp }) => {
    const at = decidedAt ?? timestamp
    return { at, text: `${day(at)} agreed: ${quote(key)} = ${short(value)}` }
  })
  const latest = [...told, ...voted].sort((a, b) => b.at.getTime() - a.at.getTime()).slice(0, 10)
  const lines = latest.map(({ text }) => item(text))
  return { title: 'Latest decisions', lines, share: 3, more: 'hivewax events list --types decision' }
}

function eventText({ type, source, data, timestamp }: EventRecord): string {
  return `${day(timestamp)} ${type} by ${quote(source)}: ${short(data ?? null)}`
}

async function sharedState(memory: Memory): Promise<Section> {
  const { items } = await memory.shared.list('', { limit: 100 })
  const latest = items.sort((a, b) => b.updatedAt.getTime() - a.updatedAt.getTime())
  const lines = latest.map(({ key, value, updatedBy, updatedAt }) => {
    const by = updatedBy === undefined ? '' : ` by ${quote(updatedBy)}`
    return item(`${quote(key)} = ${short(value)} (${day(updatedAt)}${by})`)
  })
  return { title: 'Shared state', lines, share: 2, more: 'hivewax shared list' }
}

async function lastSession(memory: Memory, { sessionId }: BriefingOptions): Promise<Section> {
  const { items } = await memory.sessions.list({ limit: 50 })
  const last = items.find(
    ({ id, data }) => id.startsWith(prefix) && id !== sessionId && said(data).length > 0,
  )
  return sessionSection('Last session', last)
}

async function ownSession(memory: Memory, { sessionId }: BriefingOptions): Promise<Section> {
  return sessionSection(
    'This session so far',
    sessionId === undefined ? undefined : await memory.sessions.get(sessionId),
  )
}

function sessionSection(title: string, session: Session | undefined): Section {
  if (session === undefined) return { title, lines: [], share: 0, more: '' }
  const { id, data, lastAccessed } = session
  const lines = said(data).map(([name, text]) => `- ${name}: ${cut(escaped(text), saidLength)}`)
  return {
    title: `${title} (${quote(id)}, ${day(lastAccessed)})`,
    lines,
    share: 4,
    more: 'hivewax sessions get',
  }
}

/** What a session left that a briefing can show, the most important first. */
function said(data: Json): [name: string, text: string][] {
  if (!isObject(data)) return []
  const { summary, answered, asked } = data
  return Object.entries({ summary, asked, answered }).flatMap(([name, text]) =>
    typeof text === 'string' ? [[name, text]] : [],
  )
}

function item(text: string): string {
  return `- ${cut(text, lineLength)}`
}

function short(value: Json): string {
  return cut(escaped(value), valueLength)
}

function quote(text: string): string {
  return short(text)
}

function cut(text: string, longest: number): string {
  return text.length > longest ? `${sliced(text, 0, longest - 1)}…` : text
}

function day(date: Date): string {
  return `${date.toISOString().slice(0, 16)}Z`
}
