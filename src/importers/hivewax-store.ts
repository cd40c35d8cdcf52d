import type { IncomingRecord } from '../maintenance/transfer/incoming-record.ts'
import type { Memory } from '../memory.ts'
import { openMemory } from '../open.ts'
import { allItems } from '../util/page.ts'
import type { Item, Source } from './source.ts'

/** What a swarm was at work on, which stays with it: the tables, and what each is called in a report. */
const activity = new Map([
  ['tasks', 'tasks'],
  ['workflow_state', 'workflows'],
  ['events', 'events'],
  ['performance_metrics', 'metrics'],
  ['consensus_state', 'consensus'],
  ['swarm_topology', 'topology'],
])

/**
 * Opens another memory of hivewax for reading: what it remembers can be brought, with its authors and times.
 * @param location a file, or a URL as `openMemory` takes them
 */
export async function openStoreSource(location: string): Promise<Source> {
  const memory = await openMemory(location, { readOnly: true, background: false })
  return {
    file: location.replace(/:\/\/.*@/, '://'),
    format: 'hivewax',
    items: () => readAll(memory),
    close: () => memory.close(),
  }
}

async function* readAll(memory: Memory): AsyncGenerator<Item> {
  for (const [section, read] of Object.entries(sections))
    for await (const record of read(memory)) yield { section, record }
  const { tables } = await memory.getStats()
  for (const { name, rows } of tables) {
    const section = activity.get(name)
    if (section !== undefined && rows > 0) yield { section, left: 'activity', count: rows }
  }
}

const sections: Readonly<Record<string, (memory: Memory) => AsyncGenerator<IncomingRecord>>> = {
  async *memory({ kv }) {
    for await (const record of allItems(page => kv.search('*', { namespace: '*', ...page })))
      yield { kind: 'memory', ...record }
  },
  async *'agent memory'({ agents }) {
    for await (const { id } of allItems(page => agents.list(page)))
      for await (const record of allItems(page => agents.listMemory(id, page)))
        yield { kind: 'agent_memory', ...record }
  },
  async *patterns({ patterns }) {
    for await (const pattern of allItems(page => patterns.list(page))) yield { kind: 'pattern', ...pattern }
  },
  async *sessions({ sessions }) {
    for await (const session of allItems(page => sessions.list(page))) yield { kind: 'session', ...session }
  },
  async *'shared state'({ shared }) {
    for await (const { key, value } of allItems(page => shared.list('', page)))
      yield { kind: 'shared', key, value }
  },
}
