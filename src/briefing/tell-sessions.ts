import type { Session } from '../sessions/sessions.ts'
import { isObject, type Json } from '../util/json.ts'
import { escaped } from '../util/model-text.ts'
import type { Asked, Draft } from './section.ts'
import { cut, minute, quote } from './words.ts'

/** Among how many of the last sessions one is looked for that left something to tell. */
const lastSessions = 50

/** What a line of what was said may take: a summary is one. */
const saidLength = 2_400

/** After a compaction: what the agent itself has come to. */
export async function tellSession({ records, sessionId, isCompacted }: Asked): Promise<Draft | undefined> {
  if (!isCompacted || sessionId === undefined) return undefined
  return draft('session', 'This session so far', await records.sessions.get(sessionId))
}

/** What the session before came to, whoever's it was. */
export async function tellLastSession(asked: Asked): Promise<Draft | undefined> {
  if (asked.isCompacted) return undefined
  const { items } = await asked.records.sessions.list({ limit: lastSessions })
  const last = items.find(({ id, data }) => id !== asked.sessionId && said(data).length > 0)
  return draft('lastSession', 'Last session', last)
}

function draft(
  name: 'session' | 'lastSession',
  title: string,
  session: Session | undefined,
): Draft | undefined {
  if (session === undefined) return undefined
  const { id, data, lastAccessed } = session
  const lines = said(data).map(([what, text]) => `${what}: ${cut(escaped(text), saidLength)}`)
  if (lines.length === 0) return undefined
  return {
    name,
    title: `${title} (${quote(id)}, ${minute(lastAccessed)})`,
    lines,
    share: 4,
    longest: saidLength,
    more: { operation: 'sessions.get', input: { id } },
  }
}

/** What a session left that can be told, the most important first. */
function said(data: Json): [what: string, text: string][] {
  if (!isObject(data)) return []
  const { summary, decided, asked, answered } = data
  return Object.entries({ summary, decided, asked, answered }).flatMap(([what, text]) =>
    typeof text === 'string' ? [[what, text]] : [],
  )
}
