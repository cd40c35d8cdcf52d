import type { EventRecord } from '../events/events.ts'
import type { MemoryRecord } from '../kv/record.ts'
import type { Asked, Draft } from './section.ts'
import { by, minute, quote } from './words.ts'

const shown = 10

/** What a key begins with under which a decision is remembered: `decision/tabs`, `decisions:db`. */
const decisionKeys = 'decision*'

/** Of remembered decisions more are read than shown, for they come in the order of their keys. */
const mostKeys = 1_000

/** What was decided last and by whom, wherever that was recorded, and what was handed over. */
export async function tellDecisions({ records, isTold }: Asked): Promise<Draft | undefined> {
  const { events, consensus, kv } = records
  const [logged, agreed, remembered] = await Promise.all([
    events.list({ types: ['decision', 'handover'], order: 'desc', limit: shown }),
    consensus.list({ status: 'decided', limit: 100 }),
    kv.search(decisionKeys, { namespace: '*', limit: mostKeys }),
  ])
  const told = [
    ...logged.items.map(event => ({ at: event.timestamp, text: eventText(event) })),
    ...agreed.items.map(({ key, value, decidedAt, timestamp }) => ({
      at: decidedAt ?? timestamp,
      text: `agreed: ${quote(key)} = ${quote(value)}`,
    })),
    ...remembered.items
      .filter(({ namespace }) => isTold(namespace))
      .map(record => ({ at: record.updatedAt, text: recordText(record) })),
  ].sort((a, b) => b.at.getTime() - a.at.getTime())
  if (told.length === 0) return undefined
  return {
    name: 'decisions',
    title: 'Latest decisions and hand-overs',
    lines: told.slice(0, shown).map(({ at, text }) => `${minute(at)} ${text}`),
    share: 3,
    more: { operation: 'events.list', input: { types: ['decision', 'handover'], order: 'desc' } },
  }
}

function eventText({ type, source, data, author }: EventRecord): string {
  return `${type}${by(author?.agent ?? source)}: ${quote(data ?? null)}`
}

function recordText({ key, namespace, value, author }: MemoryRecord): string {
  const place = namespace === 'default' ? '' : ` in ${quote(namespace)}`
  return `remembered${by(author?.agent)}: ${quote(key)}${place} = ${quote(value)}`
}
