import { latestShared } from '../shared/latest.ts'
import { type Asked, type Draft, isNew } from './section.ts'
import { by, minute, quote } from './words.ts'

const shown = 30

/** The keys of shared state that were changed last. */
export async function tellShared(asked: Asked): Promise<Draft | undefined> {
  const entries = await latestShared(asked.context, shown)
  if (entries.length === 0) return undefined
  return {
    name: 'shared',
    title: 'Shared state',
    lines: entries.map(
      ({ key, value, updatedBy, updatedAt, author }) =>
        `${quote(key)} = ${quote(value)} (${isNew(asked, updatedAt, author) ? 'new, ' : ''}${minute(updatedAt)}${by(author?.agent ?? updatedBy)})`,
    ),
    share: 2,
    more: { operation: 'shared.list', input: {} },
  }
}

/** Who else is at work, and on what. */
export async function tellAgents({ records, agentId }: Asked): Promise<Draft | undefined> {
  const { items } = await records.agents.list({ alive: true, limit: shown })
  const others = items.filter(({ id, type }) => id !== agentId && type !== 'unregistered')
  if (others.length === 0) return undefined
  const work = await records.agents.work(others.map(({ id }) => id))
  return {
    name: 'agents',
    title: 'Other agents that are alive',
    lines: others.map(({ id, lastActive }) => {
      const { tasks = [], locks = [] } = work.get(id) ?? {}
      const held = [...tasks.map(task => `task ${quote(task)}`), ...locks.map(lock => `lock ${quote(lock)}`)]
      return `${quote(id)} (last active ${minute(lastActive)}${held.length > 0 ? `; has ${held.join(', ')}` : ''})`
    }),
    share: 1,
    more: { operation: 'agents.list', input: { alive: true } },
  }
}

/** What is locked, and by whom. */
export async function tellLocks({ records }: Asked): Promise<Draft | undefined> {
  const { items } = await records.locks.list({ limit: shown })
  if (items.length === 0) return undefined
  return {
    name: 'locks',
    title: 'Locks that are held',
    lines: items.map(({ name, owner }) => `${quote(name)}${by(owner)}`),
    share: 1,
    more: { operation: 'locks.list', input: {} },
  }
}
