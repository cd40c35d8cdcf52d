import { expect, onTestFinished, test } from 'vitest'
import { openPostgresScratch } from '../support/postgres.ts'
import { startServer } from '../support/postgres-server.ts'

test('a memory on a standby is only read, and says so', async () => {
  const server = startServer()
  onTestFinished(() => server.stop())
  const primary = await openPostgresScratch({}, server.url)
  await primary.store('indexed', 'medlar')
  await primary.optimize()
  await primary.store('new', 'medlar')
  await primary.close()
  await server.crash()
  server.startAsStandby()
  const memory = await openPostgresScratch({ agentId: 'somebody', background: true }, server.url)
  expect(memory.isReadOnly).toBe(true)
  expect(await memory.find('medlar')).toHaveLength(2)
  expect(await memory.query('select key from memory_store')).toHaveLength(2)
  await expect(memory.store('k', 1)).rejects.toMatchObject({
    code: 'unsupported',
    message: expect.stringContaining('standby'),
    hint: expect.stringContaining('primary'),
  })
  const { checks } = await memory.maintenance.doctor()
  expect(checks).toContainEqual(
    expect.objectContaining({ name: 'writing', message: expect.stringContaining('standby') }),
  )
})
