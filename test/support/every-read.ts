import type { Found } from '../../src/find/find.ts'
import type { Memory } from '../../src/memory.ts'
import type { WorkflowRun } from '../../src/workflows/runs.ts'
import { namesOfEach } from './every-record.ts'

/** A record as it was read: its name, and everything in it that its writer gave. */
type Given = readonly [name: string, given: unknown]

/** A way to read records. */
export interface Read {
  readonly name: string
  readonly run: () => Promise<Given[]>
}

/** Reads the record of a name. */
type One = (what: string, read: (name: string) => Promise<unknown>) => void

/** Reads many records; `nameOf` tells them apart. */
type Many = <T>(
  what: string,
  read: () => Promise<Iterable<T> | { items: T[] }>,
  nameOf: (item: T) => string | number,
) => void

/** Reads many records that belong to the record of a name. */
type Each = <T>(
  what: string,
  read: (name: string) => Promise<Iterable<T> | { items: T[] }>,
  nameOf: (item: T) => string | number,
) => void

interface Ways {
  one: One
  many: Many
  each: Each
}

/** All ways to read what `storeEveryKind` has stored. Times, counts and states, which the store sets itself, are left out. */
export function everyRead(memory: Memory): Read[] {
  const reads: Read[] = []
  const one: One = (what, read) => {
    for (const name of namesOfEach)
      reads.push({ name: `${what}(${name})`, run: async () => [[name, given(await read(name))]] })
  }
  const many: Many = (what, read, nameOf) => {
    const run = async () => {
      const found = await read()
      return Array.from(
        'items' in found ? found.items : found,
        item => [`${nameOf(item)}`, given(item)] as const,
      )
    }
    reads.push({ name: what, run })
  }
  const each: Each = (what, read, nameOf) => {
    for (const name of namesOfEach) many(`${what}(${name})`, () => read(name), nameOf)
  }
  const ways = { one, many, each }
  readMemory(memory, ways)
  readAgreed(memory, ways)
  readTasks(memory, ways)
  readStreams(memory, ways)
  readWorkflows(memory, ways)
  return reads
}

function readMemory(memory: Memory, { one, many, each }: Ways): void {
  const { kv, sessions, agents, patterns } = memory
  const namespace = 'space'
  one('retrieve', key => memory.retrieve(key, { namespace }))
  one('get', key => kv.get(key, { namespace }))
  const keys = namesOfEach
  many(
    'retrieveMany',
    () => kv.retrieveMany(keys, { namespace }),
    ([key]) => key,
  )
  many(
    'search',
    () => kv.search('*', { namespace: '*' }),
    item => item.key,
  )
  one('get revision', key => kv.get(key, { namespace, revision: 1 }))
  each(
    'history',
    async key => written(await kv.history(key, { namespace })),
    item => `${item.key} ${item.revision}`,
  )
  one('sessions.get', id => sessions.get(id))
  one('sessions.resume', id => sessions.resume(id))
  many(
    'sessions.list',
    () => sessions.list(),
    item => item.id,
  )
  one('agents.get', id => agents.get(id))
  many(
    'agents.list',
    () => agents.list(),
    item => item.id,
  )
  one('agents.retrieveMemory', id => agents.retrieveMemory(id, 'note'))
  each(
    'agents.listMemory',
    id => agents.listMemory(id),
    item => item.key,
  )
  each(
    'agents.memoryHistory',
    async id => written(await agents.memoryHistory(id, 'note')),
    item => item.revision,
  )
  each(
    'patterns.history',
    async id => written(await patterns.history(id)),
    item => item.revision,
  )
  one('patterns.get', id => patterns.get(id))
  many(
    'patterns.list',
    () => patterns.list(),
    item => item.id,
  )
  many('find', () => memory.find('kept', { limit: 100 }), nameOfFound)
}

/** Without deletions, of which the store itself notes that they were. */
function written<T extends { deleted: boolean }>({ items }: { items: T[] }): T[] {
  return items.filter(({ deleted }) => !deleted)
}

function nameOfFound(found: Found): string {
  const owner = found.in === 'agent_memory' ? found.agentId : ''
  return [found.in, owner, 'key' in found ? found.key : found.id].join(' ')
}

function readAgreed({ topology, consensus, tokens, shared }: Memory, { one, many, each }: Ways): void {
  one('topology.get', id => topology.get(id))
  one('topology.neighbors', id => topology.neighbors(id, `node ${id}`))
  many(
    'topology.list',
    () => topology.list(),
    item => item.swarmId,
  )
  one('consensus.get', key => consensus.get(key))
  many(
    'consensus.list',
    () => consensus.list(),
    item => item.key,
  )
  many(
    'tokens.list',
    () => tokens.list(),
    item => item.id,
  )
  one('shared.get', key => shared.get(key))
  each(
    'shared.history',
    key => shared.history(key),
    // Its number is the store's own, and may come from the index; what was written is under a checksum.
    item => JSON.stringify(item.value),
  )
  many(
    'shared.list',
    () => shared.list(),
    item => item.key,
  )
  many(
    'shared.watch',
    () => first(3, signal => shared.watch('', { since: 0, signal })),
    item => item.revision,
  )
}

function readTasks({ tasks }: Memory, { one, many, each }: Ways): void {
  for (const prefix of ['', 'before ', 'after '])
    one(`tasks.get ${prefix}`, id => tasks.get(`${prefix}${id}`))
  many(
    'tasks.list',
    () => tasks.list(),
    item => item.id,
  )
  many(
    'tasks.graph',
    async () => (await tasks.graph()).nodes,
    node => node.id,
  )
  each(
    'tasks.comments',
    name => tasks.comments(`after ${name}`),
    item => item.number,
  )
  many(
    'tasks.schedules',
    () => tasks.schedules(),
    item => item.id,
  )
}

function readStreams({ events, metrics }: Memory, { many, each }: Ways): void {
  many(
    'events.list',
    () => events.list({ limit: 1000 }),
    item => item.id,
  )
  many(
    'events.subscribe',
    () => first(10, signal => events.subscribe({ since: 0, signal })),
    item => item.id,
  )
  each(
    'events of a type',
    name => events.list({ types: [`type ${name}`] }),
    item => item.id,
  )
  for (const id of [1, 5, 10, 20, 30])
    many(
      `events.get(${id})`,
      async () => [await events.get(id)].filter(event => event !== undefined),
      event => event.id,
    )
  const metricsList = async () => (await metrics.list()).items.map(({ id: _, ...item }) => item)
  many('metrics.list', metricsList, item => item.name)
  each(
    'metrics.summary',
    name => metrics.summary(`metric ${name}`, { groupBy: 'tag' }),
    row => `${row.group}`,
  )
  many(
    'metrics.summary',
    () => metrics.summary('rolled', { groupBy: 'host' }),
    row => `${row.group}`,
  )
}

function readWorkflows({ workflows }: Memory, { one, many, each }: Ways): void {
  one('workflows.get', id => workflows.get(id))
  each(
    'workflows.history',
    id => workflows.history(id),
    item => item.version,
  )
  one('workflows.getStep', id => workflows.getStep(id, 'first'))
  each(
    'workflows.steps',
    id => workflows.steps(id),
    item => item.name,
  )
  // The type of a run is not covered beside its input: it is that of the workflow, whose checksum covers it.
  const untyped = (run: WorkflowRun | undefined) => run && { ...run, workflowType: undefined }
  one('workflows.getRun', async id => untyped(await workflows.getRun(id)))
  one('workflows.getRun of a failed one', async id => untyped(await workflows.getRun(`failing ${id}`)))
  // Where there is no run any more, one begins.
  one('workflows.run', id => workflows.run(id, () => undefined))
  one('workflows.signal', async id => (await workflows.signal(id, 'go')).payload)
  many(
    'workflows.list',
    () => workflows.list(),
    item => item.id,
  )
  many(
    'workflows.listRuns',
    async () => (await workflows.listRuns()).items.map(run => ({ ...run, workflowType: undefined })),
    item => item.id,
  )
}

/** For how long those that a damaged store does not give any more are waited for. */
const patienceMs = 5_000

/** The first so many of what is followed. */
async function first<T>(count: number, follow: (signal: AbortSignal) => AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const item of follow(AbortSignal.timeout(patienceMs))) if (found.push(item) === count) break
  return found
}

/** Fields that the store sets itself; below a record's fields there are only those of its writer. */
const own = new Set(
  `createdAt updatedAt expiresAt lastAccessed lastActive lastUsed timestamp savedAt completedAt claimedAt runAt nextAt
   lastAt wakeAt decidedAt alive ttl status assignedTo attempts causedBy version revision incarnation confidence
   usageCount successes failures score accepts rejects deadline owner waitsFor leaseId snippet redacted lastTaskId forkedFrom`.split(
    /\s+/,
  ),
)

function given(item: unknown): unknown {
  if (Array.isArray(item)) return item.map(given)
  if (typeof item !== 'object' || item === null) return item
  const fields = Object.entries(item).filter(([field]) => !own.has(field))
  return JSON.parse(JSON.stringify(Object.fromEntries(fields)))
}
