// biome-ignore-all lint/suspicious/noThenProperty: a transaction's `then` is a list of steps, which await ignores
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call } from '../../src/access/call.ts'
import type { Memory } from '../../src/memory.ts'
import { openMemory } from '../../src/open.ts'
import type { Operation } from '../../src/operation.ts'
import { type OperationName, operationOf, operations } from '../../src/operations.ts'
import { type Permission, permissions } from '../../src/permission.ts'
import type { Grant } from '../../src/tokens/token.ts'
import { inputsOf } from '../support/inputs.ts'
import { scratchFolder } from '../support/memory.ts'
import { fill, secret } from '../support/stored.ts'

/** Inputs that meet what is stored, of operations of which few that chance makes do. */
const meeting: Partial<Record<string, unknown>> = {
  'workflows.completeStep': { id: 'a', name: 'a', result: 1 },
  'workflows.retry': { id: 'b' },
  'workflows.fork': { id: 'a' },
  'topology.addNode': { swarmId: 'a', node: 'z' },
  'topology.removeNode': { swarmId: 'a', node: 'x' },
  'consensus.propose': { key: 'b', value: 1 },
  'reservations.reserve': { globs: ['src/**'] },
  'consensus.wait': { key: 'b', timeoutMs: 1 },
}

/** What a caller hears, of a success or of a refusal. */
async function heard(asked: Promise<unknown>): Promise<string> {
  return String(JSON.stringify(await asked.catch(error => ({ ...error, message: error.message }))))
}

/** What a caller hears of each input, of a store that is as it was before for each of them. */
async function allHeard(memory: Memory, operation: Operation, grant?: Grant): Promise<string[]> {
  // A wait sees nothing in a transaction, and could be without end out of one.
  const isWait = operation.name === 'consensus.wait'
  const isOnRecords = operation.inTransaction !== false && !isWait
  const numRuns = isWait ? 0 : isOnRecords ? 20 : 1
  const inputs: unknown[] = fc.sample(inputsOf(operation), { numRuns, seed: 1 })
  if (operation.name in meeting) inputs.push(meeting[operation.name])
  const files = scratchFolder()
  if (!isOnRecords)
    return Promise.all(inputs.map(input => heard(call(operation, input, { memory, files, grant }))))
  const all: string[] = []
  for (const input of inputs) {
    const undo = new Error('only to see')
    const seen = memory.transaction(async tx => {
      all.push(await heard(call(operation, input, { memory: tx as Memory, grant })))
      throw undo
    })
    await expect(seen).rejects.toBe(undo)
  }
  return all
}

const may = (allowed: readonly Permission[]): Grant => ({ principal: 'ci', permissions: allowed })

/** All that inputs may need, of an operation that does more or less as it is asked to. */
function neededBy(operation: Operation): Permission[] {
  const inputs = fc.sample(inputsOf(operation), { numRuns: 50, seed: 1 })
  return [...new Set([operation.permission, ...inputs.flatMap(input => operation.needs?.(input) ?? [])])]
}

/** Those on the whole store come last: a restore or a cleanup may take away what there is to see. */
const inOrder = operations.toSorted(
  (a, b) => Number(a.inTransaction === false) - Number(b.inTransaction === false),
)

const named = (isOne: (operation: Operation) => boolean) =>
  inOrder.filter(isOne).map(operation => [operation.name, operation] as const)

describe('what others have stored', async () => {
  const memory = await openMemory(':memory:', { background: false })
  afterAll(() => memory.close())
  beforeAll(() => fill(memory))

  it.each(named(({ reveals }) => reveals === 'nothing'))(
    'is not in the answers of an operation that says that they reveal nothing: %s',
    async (_, operation) => {
      for (const text of await allHeard(memory, operation)) expect(text).not.toContain(secret)
    },
  )

  it.each(named(({ reveals, permission }) => reveals !== 'nothing' && reveals !== permission))(
    'is in the answers to those only who may read it: %s',
    async (_, operation) => {
      const { name, permission, reveals } = operation
      if (reveals === 'nothing') return
      const own = permission === 'admin' ? 'backup' : permission
      for (const text of await allHeard(memory, operation, may([own]))) expect(text).not.toContain(secret)
      const shown = await allHeard(memory, operation, may([permission, reveals, 'memory:delete']))
      // What a task that is created again has come to needs more than chance.
      if (!/^tasks.create/.test(name)) expect(shown.some(text => text.includes(secret))).toBe(true)
    },
  )

  it.each(named(() => true))(
    'needs all that is declared, and nothing else will do: %s',
    async (_, operation) => {
      if (operation.inTransaction === false) return
      const needed = neededBy(operation)
      for (const missing of needed) {
        const others = permissions.filter(permission => permission !== missing && permission !== 'admin')
        const texts = await allHeard(memory, operation, may(others))
        const isRefused = (text: string) => text.includes(`"details":{"permission":"${missing}"}`)
        expect(
          missing === operation.permission ? texts.every(isRefused) : texts.some(isRefused),
          missing,
        ).toBe(true)
      }
      for (const text of await allHeard(memory, operation, may(needed)))
        expect(text).not.toContain('"details":{"permission":')
    },
  )
})

it('without the right to read, what was stored is told by its names and numbers alone', async () => {
  const memory = await openMemory(':memory:', { background: false })
  const ask = (name: OperationName, input: unknown, permission: Permission) =>
    call(operationOf(name), input, { memory, grant: may([permission]) })
  await memory.store('k', secret)
  const refused = ask('kv.store', { key: 'k', value: 2, ifAbsent: true }, 'memory:write')
  await expect(refused).rejects.toMatchObject({ details: { key: 'k', namespace: 'default', revision: 1 } })
  await expect(refused).rejects.not.toHaveProperty('details.value')
  const id = await memory.createSession({ secret })
  expect(await ask('sessions.update', { id, patch: {} }, 'memory:write')).toBeUndefined()
  const task = await ask('tasks.create', { id: 't', description: 'd', payload: 1 }, 'tasks')
  expect(task).toMatchObject({ id: 't', status: 'pending' })
  expect(task).not.toHaveProperty('payload')
  const entry = await ask('shared.update', { key: 'k', value: 1 }, 'memory:write')
  expect(entry).toMatchObject({ key: 'k', version: 1 })
  expect(entry).not.toHaveProperty('value')
  await memory.close()
})

it('a permission to delete is asked for where a call deletes by the way', async () => {
  const memory = await openMemory(':memory:', { background: false })
  const ask = (name: OperationName, input: unknown, ...allowed: Permission[]) =>
    call(operationOf(name), input, { memory, grant: may(allowed) })
  const forbidden = { code: 'forbidden' }
  await memory.storeAgentMemory('a', 'k', 1)
  await expect(ask('agents.delete', { id: 'a', cascade: true }, 'agents')).rejects.toMatchObject(forbidden)
  await memory.updateSharedState('k', secret)
  const steps = (step: object) => ({ then: [step] })
  for (const [input, permission] of [
    [steps({ get: 'k' }), 'memory:read'],
    [steps({ delete: 'k' }), 'memory:delete'],
    [{ if: [{ key: 'k', value: 1 }], else: [{ delete: 'k' }] }, 'memory:read'],
  ] as const) {
    const others = permissions.filter(each => each !== permission && each !== 'admin')
    await expect(ask('shared.transact', input, ...others)).rejects.toMatchObject(forbidden)
    await ask('shared.transact', input, 'memory:write', 'memory:read', 'memory:delete')
  }
  await ask('shared.transact', steps({ update: 'k', value: 1 }), 'memory:write')
  await ask('agents.delete', { id: 'a', cascade: true }, 'agents', 'memory:delete')
  await memory.close()
})
