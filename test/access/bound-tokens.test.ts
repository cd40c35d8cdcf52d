import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call } from '../../src/access/call.ts'
import { actingFor } from '../../src/access/grant.ts'
import type { Memory } from '../../src/memory.ts'
import { openMemory } from '../../src/open.ts'
import type { Operation } from '../../src/operation.ts'
import { operations } from '../../src/operations.ts'
import { permissions } from '../../src/permission.ts'
import type { Grant } from '../../src/tokens/token.ts'
import { inputsOf } from '../support/inputs.ts'

/** The names that random inputs have: bob holds a record of every kind under each of them. */
const names = ['a', 'b', 'c', 'default', 'é']

/** The fencing token of all that bob holds, and no other number in the store. */
const token = 987_654_321

const day = 86_400_000

/** May do everything but what only the owner of the store may, as one agent. */
const boundTo = (agentId: string): Grant => ({
  principal: agentId,
  permissions: permissions.filter(permission => permission !== 'admin'),
  agentId,
})

/** Bob holds what can be held, as he would after having taken it just now. */
async function fill(memory: Memory): Promise<void> {
  const bob = memory.as('bob')
  await bob.agents.register({ id: 'bob', type: 'coder' })
  await memory.agents.register({ id: 'alice', type: 'coder' })
  for (const name of names) {
    await bob.tasks.create({ id: name, description: 'x' })
    await bob.locks.acquire(name, { leaseMs: day })
    await bob.shared.grantLease({ id: name, ttlMs: day })
    await bob.shared.update(name, 1)
    await bob.events.seek(name, 0)
    await bob.workflows.start('type', { id: name })
    await bob.consensus.propose(name, { value: 1, voters: ['bob', 'x'] })
  }
  await bob.tasks.claim({ limit: names.length, leaseMs: day })
  const lease =
    'lease_until = (select max(lease_until) from hivewax_locks), lease_epoch = (select max(lease_epoch) from hivewax_locks)'
  for (const table of ['hivewax_event_offsets', 'hivewax_workflow_runs'])
    await memory.execute(`update ${table} set owner = 'bob', ${lease}`)
  for (const table of ['tasks', 'hivewax_locks', 'hivewax_event_offsets', 'hivewax_workflow_runs'])
    await memory.execute(`update ${table} set token = ${token}`)
}

/** All that is bob's to change. */
const held = [
  'select id, status, assigned_to, token, lease_until, result, errors from tasks order by id',
  'select name, owner, token, lease_until from hivewax_locks order by name',
  'select id, owner, lease_until from hivewax_leases order by id',
  'select lease_id, count(*) as keys from shared_state where lease_id is not null group by lease_id order by 1',
  'select group_name, position, owner, token, lease_until from hivewax_event_offsets order by 1',
  "select workflow_id, status, token, lease_until from hivewax_workflow_runs where owner = 'bob' order by 1",
  'select workflow_id, count(*) as steps from hivewax_workflow_steps group by 1 order by 1',
  'select id, version from workflow_state where length(id) < 8 order by 1',
  'select key, value, version, proposer, status from consensus_state order by key',
  "select id, incarnation, last_active from agents where id = 'bob'",
  "select * from agent_memory where agent_id = 'bob'",
]

const withToken = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withToken)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, name === 'token' ? token : withToken(inner)]),
  )
}

/** In nobody's name, which is in that of whoever calls. */
function inNoName(input: Record<string, unknown>, { identities }: Operation): Record<string, unknown> {
  return Object.fromEntries(Object.entries(input).filter(([name]) => !(name in identities)))
}

/** An input with a value at a path, which may lead through lists. */
function withValue(input: unknown, [field, ...rest]: readonly string[], value: unknown): unknown {
  if (field === undefined) return value
  if (Array.isArray(input)) return input.map(item => withValue(item, [field, ...rest], value))
  const object = typeof input === 'object' && input !== null ? input : {}
  const inner = Object.entries(object).find(([each]) => each === field)?.[1]
  return { ...object, [field]: withValue(inner, rest, value) }
}

interface Tried {
  /** Whether what is bob's was as before. */
  readonly isUntouched: boolean
  /** The code of the error, or `answered`. */
  readonly outcome: string
  /** All that the caller heard. */
  readonly heard: string
}

/** Tries a call as somebody, and undoes it. */
async function attempt(memory: Memory, operation: Operation, { input, as }: { input: unknown; as: string }) {
  const grant = boundTo(as)
  const undo = new Error('only to see')
  let tried: Tried | undefined
  const trial = actingFor(memory, grant).transaction(async tx => {
    const state = async () => JSON.stringify(await Promise.all(held.map(text => tx.query(text))))
    const before = await state()
    const [outcome, answer] = await call(operation, input, { memory: tx as Memory, grant }).then(
      answer => ['answered', answer],
      error => [error.code, { ...error, message: error.message }],
    )
    tried = { isUntouched: (await state()) === before, outcome, heard: JSON.stringify(answer) ?? '' }
    throw undo
  })
  await expect(trial).rejects.toBe(undo)
  if (tried === undefined) throw new Error('it was tried')
  return tried
}

/** What a caller may ask for that may do all but what the owner may, of single records. */
const open = operations.filter(
  ({ permission, inTransaction }) =>
    permission !== 'admin' && inTransaction !== false && inTransaction !== 'admin',
)
const writing = open.filter(({ effect }) => effect !== 'read')

const named = (list: readonly Operation[]) => list.map(operation => [operation.name, operation] as const)

describe('a token that is bound to an agent', async () => {
  const memory = await openMemory(':memory:', { background: false })
  afterAll(() => memory.close())
  beforeAll(() => fill(memory))

  it.each(named(writing))('changes nothing that another one holds: %s', async (_, operation) => {
    let isHoldersAlone = false
    for (const given of fc.sample(inputsOf(operation), { numRuns: operation.holds ? 25 : 8, seed: 1 })) {
      const isHold = operation.holds !== undefined
      const input = withToken(isHold ? inNoName(given, operation) : given)
      const { isUntouched, outcome } = await attempt(memory, operation, { input, as: 'alice' })
      expect({ isUntouched, outcome, input }).toMatchObject({ isUntouched: true })
      if (outcome !== 'forbidden' || isHoldersAlone) continue
      isHoldersAlone = (await attempt(memory, operation, { input, as: 'bob' })).outcome !== 'forbidden'
    }
    // Else the inputs show nothing of what it takes to be the holder of.
    if (operation.holds) expect(isHoldersAlone).toBe(true)
  })

  it.each(named(writing.filter(({ identities }) => Object.values(identities).some(of => of !== 'other'))))(
    'acts in no other name: %s',
    async (_, operation) => {
      for (const [path, identity] of Object.entries(operation.identities)) {
        if (identity === 'other') continue
        for (const given of fc.sample(inputsOf(operation), { numRuns: 4, seed: 3 })) {
          // The field is a name or a list of names: the other is no input.
          const outcomes: string[] = []
          for (const value of ['bob', ['bob']]) {
            const input = withValue(given, path.split('.'), value)
            const { isUntouched, outcome } = await attempt(memory, operation, { input, as: 'alice' })
            expect({ isUntouched, input }).toMatchObject({ isUntouched: true })
            outcomes.push(outcome)
          }
          expect(outcomes.toSorted(), path).toEqual(['forbidden', 'invalid_input'])
        }
      }
    },
  )

  it.each(named(open))('is not told the fencing token of another one: %s', async (name, operation) => {
    // The term of a leader is told to all: it is what elections are told apart by.
    if (name === 'locks.leader') return
    for (const input of fc.sample(inputsOf(operation), { numRuns: 6, seed: 2 }))
      expect((await attempt(memory, operation, { input, as: 'alice' })).heard).not.toContain(String(token))
  })
})
