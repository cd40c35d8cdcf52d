import { call } from '../../src/access/call.ts'
import type { Memory } from '../../src/memory.ts'
import { type OperationName, operationOf } from '../../src/operations.ts'

/** In every value that others have stored, and in no input of a caller. */
export const secret = 'what-others-stored'

/** The names that random inputs have, so that they meet what is stored. */
export const names = ['a', 'b', 'c', 'default', 'é']

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
  ...[1, 2, 3].map(
    iteration =>
      ['workflows.completeStep', (id: string) => ({ id, name: 'b', iteration, result: secret })] as const,
  ),
  ['workflows.start', id => ({ id, type: 'a', payload: secret })],
  ['workflows.signal', id => ({ id, name: 'a', payload: secret })],
  ['topology.save', swarmId => ({ swarmId, topologyType: 'mesh', nodes: ['x', 'y'], metadata: secret })],
  ['consensus.propose', key => ({ key, value: secret, voters: names, acceptors: isOdd(key) ? names : [] })],
  ['locks.acquire', name => ({ name, owner: 'other' })],
  ['reservations.reserve', name => ({ globs: [`src/${name}.ts`], owner: 'other', purpose: secret })],
]

/** Half of the votes are decided. */
const isOdd = (name: string) => names.indexOf(name) % 2 === 1

/** Stores some of everything, as others would. */
export async function fill(memory: Memory): Promise<void> {
  for (const [name, inputOf] of stored)
    for (const each of names) await call(operationOf(name), inputOf(each), { memory })
  await memory.workflows.cancel('b')
}
