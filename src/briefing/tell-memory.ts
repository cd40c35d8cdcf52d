import { latestRefs } from '../find/latest.ts'
import { pinnedRecords } from '../kv/pinned.ts'
import type { MemoryRecord } from '../kv/record.ts'
import { recordsById } from '../kv/records-by-id.ts'
import { type Asked, type Draft, isNew } from './section.ts'
import { by, minute, quote } from './words.ts'

const shown = 20

/** Of how many records those are shown that are of a namespace which is told of. */
const looked = 100

/** How many matches of what the work is about are looked for, and how long one may be told of. */
const related = 8
const relatedLength = 400

/** What somebody wants everybody to know. */
export async function tellPinned({ context, isTold }: Asked): Promise<Draft | undefined> {
  const records = (await pinnedRecords(context, looked))
    .filter(({ namespace }) => isTold(namespace))
    .slice(0, shown)
  if (records.length === 0) return undefined
  return {
    name: 'pinned',
    title: 'Pinned',
    lines: records.map(record => `${place(record)} = ${quote(record.value, relatedLength)}`),
    share: 3,
    longest: relatedLength,
    more: { operation: 'kv.search', input: { glob: '*', namespace: '*' } },
  }
}

/** What was remembered last; of an agent that was here before, first what it has not seen. */
export async function tellChanges(asked: Asked): Promise<Draft | undefined> {
  const { context, since, isTold } = asked
  const ids = await latestRefs(context.db, 'memory_store', looked)
  const records = (await recordsById(context, ids.map(Number)))
    .filter(({ namespace }) => isTold(namespace))
    .slice(0, shown)
  if (records.length === 0) return undefined
  const isNews = ({ updatedAt, author }: MemoryRecord) => isNew(asked, updatedAt, author)
  const count = records.filter(isNews).length
  return {
    name: 'changes',
    title:
      count > 0 && since !== undefined
        ? `Memory (${news(count)} since ${minute(since)})`
        : 'Memory, latest first',
    lines: records.map(record => {
      const { value, updatedAt, author } = record
      return `${place(record)} = ${quote(value)} (${isNews(record) ? 'new, ' : ''}${minute(updatedAt)}${by(author?.agent)})`
    }),
    share: 3,
    more: { operation: 'kv.search', input: { glob: '*', namespace: '*' } },
  }
}

function news(count: number): string {
  return count === shown ? `${count} or more written` : `${count} written`
}

/** What is known of what the work is about. */
export async function tellRelated({ records, about, isTold }: Asked): Promise<Draft | undefined> {
  if (about === undefined || about.trim() === '') return undefined
  const found = await records.find(about, { in: ['memory', 'patterns', 'agent_memory'], limit: looked })
  const items = found.items.filter(hit => hit.in !== 'memory' || isTold(hit.namespace)).slice(0, related)
  if (items.length === 0) return undefined
  return {
    name: 'related',
    title: `Near to ${quote(about)}`,
    lines: items.map(found => `${quote(nameOf(found))}: ${quote(found.snippet, relatedLength)}`),
    share: 2,
    longest: relatedLength,
    more: { operation: 'find.find', input: { text: about } },
  }
}

function nameOf(found: { in: string; key?: string; id?: string | number }): string {
  return String(found.key ?? found.id)
}

function place({ key, namespace }: MemoryRecord): string {
  return namespace === 'default' ? quote(key) : `${quote(key)} in ${quote(namespace)}`
}
