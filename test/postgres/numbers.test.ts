import { expect, it } from 'vitest'
import { awaited, emptyUrl, openPostgresScratch } from '../support/postgres.ts'

async function openTwo() {
  const url = await emptyUrl()
  return {
    memory: await openPostgresScratch({}, url),
    other: await openPostgresScratch({ maxConnections: 8 }, url),
  }
}

it('uses no revision, incarnation, version or ballot again for what is deleted while others make it anew', async () => {
  const { memory, other } = await openTwo()
  const { revision } = await memory.store('n', 1)
  const { incarnation } = await memory.registerAgent({ id: 'n', type: 'coder' })
  const { version } = await memory.saveWorkflowState('n', 1)
  const { version: ballot } = await memory.proposeConsensus('n', { value: 1 })
  const makes = [
    async () => (await other.store('n', 2)).revision - revision,
    async () => (await other.registerAgent({ id: 'n', type: 'coder' })).incarnation - incarnation,
    async () => (await other.saveWorkflowState('n', 2)).version - version,
    async () => (await other.proposeConsensus('n', { value: 2 })).version - ballot,
    async () => other.transaction(async tx => (await tx.store('m', 2)).revision - 1),
  ]
  await memory.store('m', 1)
  let making: Promise<number>[] = []
  await memory.transaction(async tx => {
    await tx.delete('n')
    await tx.delete('m')
    await tx.agents.delete('n')
    await tx.workflows.delete('n')
    await tx.consensus.delete('n')
    making = makes.map(make => make())
    await awaited(tx, makes.length)
  })
  // The deletion of the keys has a number too, and all new ones begin above it.
  expect(await Promise.all(making)).toEqual(makes.map(() => 2))
})

it('goes on counting what there is, however high the floor for what is new', async () => {
  const { memory } = await openTwo()
  await memory.store('old', 1)
  for (let i = 0; i < 5; i++) await memory.store('new', i)
  await memory.delete('new')
  expect(await memory.store('old', 2)).toEqual({ revision: 2 })
  expect(await memory.store('old', 3, { expiresAt: new Date(0) })).toEqual({ revision: 3 })
  expect(await memory.store('old', 4, { ifAbsent: true })).toEqual({ revision: 4 })
  expect(await memory.store('new', 5)).toEqual({ revision: 7 })
})
