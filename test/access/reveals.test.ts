import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call } from '../../src/access/call.ts'
import type { Memory } from '../../src/memory.ts'
import { openMemory } from '../../src/open.ts'
import type { Operation } from '../../src/operation.ts'
import { type OperationName, operationOf, operations } from '../../src/operations.ts'
import { inputsOf } from '../support/inputs.ts'
import { scratchFolder } from '../support/memory.ts'

/** In every value that others have stored, and in no input of a caller. */
const secret = 'what-others-stored'

/** The names that random inputs have, so that they meet what is stored. */
const names = ['a', 'b', 'c', 'default', 'é']

const stored: readonly (readonly [OperationName, (name: string) => Record<string, unknown>])[] = [
  ['kv.store', key => ({ key, value: secret, metadata: { secret } })],
  ['sessions.create', id => ({ id, data: { secret } })],
  ['agents.register', id => ({ id, type: 'coder', state: { secret }, metadata: { secret } })],
  ['agents.storeMemory', agentId => ({ agentId, key: agentId, value: secret })],
  ['tasks.create', id => ({ id, idempotencyKey: id, description: secret, payload: secret })],
  ['tasks.schedule', id => ({ id, everyMs: 60_000, task: { description: secret, payload: secret } })],
  ['shared.grantLease', id => ({ id, ttlMs: 60_000 })],
  ['shared.update', key => ({ key, value: secret, lease: key })],
  ['events.log', type => ({ type, data: secret })],
  ['patterns.store', id => ({ id, type: id, patternData: secret, metadata: secret })],
  ['metrics.record', name => ({ name, value: 1, tags: { secret } })],
  ['workflows.save', id => ({ id, state: secret, checkpoint: secret })],
  ['workflows.completeStep', id => ({ id, name: id, result: secret })],
  ['workflows.start', id => ({ id: `run-${id}`, type: id, payload: secret })],
  ['topology.save', swarmId => ({ swarmId, topologyType: 'mesh', nodes: names, metadata: secret })],
  ['consensus.propose', key => ({ key, value: secret, voters: names })],
  ['locks.acquire', name => ({ name, owner: 'other' })],
]

async function fill(memory: Memory): Promise<void> {
  for (const [name, inputOf] of stored)
    for (const each of names) await call(operationOf(name), inputOf(each), { memory })
}

/** What a caller hears, of a success or of a refusal. */
async function heard(asked: Promise<unknown>): Promise<string> {
  return String(JSON.stringify(await asked.catch(error => ({ ...error, message: error.message }))))
}

/** What a caller hears of each input, of a store that is as it was before for each of them. */
async function allHeard(memory: Memory, operation: Operation): Promise<string[]> {
  const isOnRecords = operation.inTransaction !== false
  const inputs = fc.sample(inputsOf(operation), { numRuns: isOnRecords ? 20 : 1, seed: 1 })
  if (!isOnRecords)
    return Promise.all(inputs.map(input => heard(call(operation, input, { memory, files: scratchFolder() }))))
  const all: string[] = []
  for (const input of inputs) {
    const undo = new Error('only to see')
    const seen = memory.transaction(async tx => {
      all.push(await heard(call(operation, input, { memory: tx as Memory })))
      throw undo
    })
    await expect(seen).rejects.toBe(undo)
  }
  return all
}

describe('an operation that says that its answer reveals nothing', async () => {
  const memory = await openMemory(':memory:', { background: false })
  afterAll(() => memory.close())
  beforeAll(() => fill(memory))
  const quiet = operations.filter(({ reveals }) => reveals === 'nothing')
  // Those on the whole store come last: a restore or a cleanup may take away what there is to see.
  const inOrder = quiet.toSorted(
    (a, b) => Number(a.inTransaction === false) - Number(b.inTransaction === false),
  )
  it.each(inOrder.map(operation => [operation.name, operation] as const))(
    'shows no value of others: %s',
    async (_, operation) => {
      for (const text of await allHeard(memory, operation)) expect(text).not.toContain(secret)
    },
  )
})
