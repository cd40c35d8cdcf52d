import { expect, it } from 'vitest'
import type { Memory } from '../../src/memory.ts'
import { openScratch } from '../support/memory.ts'

/** Calls that look through many records to find none. */
const calls: Readonly<Record<string, (memory: Memory, signal?: AbortSignal) => Promise<unknown>>> = {
  'kv.search': (memory, signal) => memory.kv.search('*none', { signal }),
  'kv.search of all': (memory, signal) => memory.kv.search('*none', { namespace: '*', signal }),
  'tasks.list': (memory, signal) => memory.tasks.list({ assignedTo: 'nobody', signal }),
  'tasks.list of ended ones': (memory, signal) =>
    memory.tasks.list({ status: 'cancelled', assignedTo: 'nobody', signal }),
  'tasks.list of those that wait': (memory, signal) =>
    memory.tasks.list({ status: 'pending', queue: 'none', signal }),
  'agents.list': (memory, signal) => memory.agents.list({ type: 'none', signal }),
  'events.list': (memory, signal) => memory.events.list({ source: 'nobody', signal }),
  'events.list of a glob': (memory, signal) => memory.events.list({ types: ['n*'], signal }),
  'workflows.list': (memory, signal) => memory.workflows.list({ workflowType: 'none', signal }),
  'workflows.listRuns': (memory, signal) => memory.workflows.listRuns({ type: 'none', signal }),
}

/** Calls that look through many, without a signal. */
const others: Readonly<Record<string, (memory: Memory) => Promise<unknown>>> = {
  'events.count': memory => memory.events.count({ source: 'nobody' }),
  'tasks.counts': memory => memory.tasks.counts(),
  'tasks.queues': memory => memory.tasks.queues(),
  'kv.clearNamespace': memory => memory.clearNamespace('other'),
}

const rows = (count: number, values: string) =>
  `with recursive n (i) as (select 1 union all select i + 1 from n where i < ${count}) select ${values} from n`

async function openFilled(): Promise<Memory> {
  const memory = await openScratch({ durability: 'normal' })
  const time = "'2026-01-01 00:00:00.000'"
  for (const [into, count, values] of [
    ['memory_store (key, value)', 5_000, "'key-' || i, '1'"],
    ['memory_store (key, namespace, value)', 5_000, "'key-' || i, 'other', '1'"],
    ['tasks (id, description, status, rank)', 45_000, "'task-' || i, 'x', 'pending', i"],
    ['tasks (id, description, status, completed_at)', 5_000, `'ended-' || i, 'x', 'cancelled', ${time}`],
    ['agents (id, type)', 5_000, "'agent-' || i, 'x'"],
    ['events (type, source)', 5_000, "'type', 'me'"],
    ['workflow_state (id, workflow_type, state)', 5_000, "'flow-' || i, 'x', '1'"],
    [
      'hivewax_workflow_runs (workflow_id, workflow_type, created_at, updated_at)',
      5_000,
      `'flow-' || i, 'x', ${time}, ${time}`,
    ],
  ] as const)
    await memory.execute(`insert into ${into} ${rows(count, values)}`)
  return memory
}

/** How many turns of the event loop others get while a call is under way. */
async function turnsDuring(call: () => Promise<unknown>): Promise<number> {
  let turns = 0
  let isOver = false
  const count = () => {
    turns++
    if (!isOver) setImmediate(count)
  }
  setImmediate(count)
  await call()
  isOver = true
  return turns
}

it('what looks through many records gives others their turns, and ends when it is told to', async () => {
  const memory = await openFilled()
  for (const [name, call] of Object.entries(calls)) {
    const reason = new Error('enough')
    const ends = new AbortController()
    setImmediate(() => ends.abort(reason))
    await expect(call(memory, ends.signal), name).rejects.toBe(reason)
    expect([name, (await turnsDuring(() => call(memory))) > 1]).toEqual([name, true])
  }
  for (const [name, call] of Object.entries(others))
    expect([name, (await turnsDuring(() => call(memory))) > 1]).toEqual([name, true])
})
