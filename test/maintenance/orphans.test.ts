import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { references } from '../../src/maintenance/orphans.ts'
import { openScratch, scratchFile } from '../support/memory.ts'

/** What a foreign program does that leaves foreign keys off. */
function foreignly(file: string, text: string): void {
  const db = new DatabaseSync(file, { enableForeignKeyConstraints: false, timeout: 5000 })
  db.exec(text)
  db.close()
}

test('memory of an agent that is gone is an orphan; that of one that never registered is none', async () => {
  const file = scratchFile()
  const memory = await openScratch({}, file)
  await memory.storeAgentMemory('unregistered', 'k', 1)
  await memory.registerAgent({ id: 'gone', type: 'coder' })
  await memory.storeAgentMemory('gone', 'k', 1)
  expect(await memory.findOrphanedRecords()).toEqual([])
  foreignly(file, "delete from agents where id = 'gone'")
  expect(await memory.findOrphanedRecords()).toEqual([
    { table: 'agent_memory', id: 'gone/k', reason: 'no record of agents is called gone' },
  ])
  expect(await memory.cleanupOrphans()).toMatchObject({ agent_memory: 1 })
  expect(await memory.findOrphanedRecords()).toEqual([])
  expect(await memory.query('select agent_id from agent_memory')).toEqual([{ agent_id: 'unregistered' }])
})

test('a task that waits for a missing one ends by the policy of its edge, or goes on', async () => {
  const file = scratchFile()
  const memory = await openScratch({}, file)
  await memory.tasks.create({ id: 'parent', description: 'd' })
  await memory.tasks.create({ id: 'fails', description: 'd', dependencies: ['parent'] })
  await memory.tasks.create({
    id: 'ignores',
    description: 'd',
    dependencies: [{ id: 'parent', onFailure: 'ignore' }],
  })
  foreignly(file, "delete from tasks where id = 'parent'")
  expect((await memory.findOrphanedRecords()).map(({ table, id }) => [table, id])).toEqual([
    ['hivewax_task_dependencies', 'fails/parent'],
    ['hivewax_task_dependencies', 'ignores/parent'],
  ])
  expect(await memory.cleanupOrphans()).toMatchObject({ hivewax_task_dependencies: 2 })
  expect(await memory.tasks.get('fails')).toMatchObject({ status: 'failed' })
  expect(await memory.tasks.claim({ agentId: 'a' })).toMatchObject([{ id: 'ignores' }])
  expect(await memory.findOrphanedRecords()).toEqual([])
})

test('a task that runs without an owner is found, and can be claimed after the clean-up', async () => {
  const file = scratchFile()
  const memory = await openScratch({}, file)
  foreignly(file, "insert into tasks (id, description, status) values ('t', 'd', 'running')")
  expect(await memory.findOrphanedRecords()).toEqual([
    { table: 'tasks', id: 't', reason: 'is running, but nobody holds it' },
  ])
  expect(await memory.cleanupOrphans()).toMatchObject({ tasks: 1 })
  expect(await memory.tasks.claim({ agentId: 'a' })).toMatchObject([{ id: 't' }])
})

test('history, steps and votes without what they belong to are orphans', async () => {
  const file = scratchFile()
  const memory = await openScratch({}, file)
  await memory.workflows.save('w', 1)
  await memory.workflows.step('w', 'lint', async () => 'done')
  await memory.consensus.propose('c', { value: 1, voters: ['a', 'b', 'c'], acceptors: ['a'] })
  foreignly(file, 'delete from workflow_state; delete from consensus_state')
  const found = await memory.findOrphanedRecords()
  expect(found.map(({ table }) => table)).toEqual([
    'hivewax_votes',
    'hivewax_workflow_history',
    'hivewax_workflow_steps',
  ])
  const cleaned = await memory.cleanupOrphans()
  for (const { table } of found) expect(cleaned[table]).toBe(1)
  expect(await memory.findOrphanedRecords()).toEqual([])
})

test('an entry of the full-text index whose record is gone is an orphan', async () => {
  const file = scratchFile()
  const memory = await openScratch({}, file)
  await memory.store('k', 'honey')
  await memory.optimize()
  expect(await memory.find('honey')).toHaveLength(1)
  foreignly(file, "drop trigger memory_store_find_delete; delete from memory_store where key = 'k'")
  expect(await memory.findOrphanedRecords()).toMatchObject([{ table: 'hivewax_find_records' }])
  expect(await memory.cleanupOrphans()).toMatchObject({ hivewax_find_records: 1 })
  expect(await memory.find('honey')).toEqual([])
  expect(await memory.findOrphanedRecords()).toEqual([])
})

test('every foreign key of the schema is looked at', async () => {
  const memory = await openScratch()
  const keys = await memory
    .query(
      `select t.name || '.' || k."from" || ' ' || k."table" || '.' || k."to" as reference
     from pragma_table_list t, pragma_foreign_key_list(t.name) k where t.schema = 'main'`,
    )
    .catch(() => undefined)
  const known = references.map(r => `${r.table}.${r.column} ${r.parent}.${r.parentColumn}`)
  expect(known.sort()).toEqual(keys?.map(row => row.reference).sort())
})
