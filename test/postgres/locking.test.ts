import { expect, it } from 'vitest'
import type { Transaction } from '../../src/transaction.ts'
import { emptyUrl, openPostgresScratch, withClient } from '../support/postgres.ts'

it('lets everybody read what was, while a transaction that has written is open', async () => {
  const url = await emptyUrl()
  const writer = await openPostgresScratch({}, url)
  const reader = await openPostgresScratch({}, url)
  await writer.store('key', 'before')
  const task = await writer.tasks.create({ description: 'a task' })
  await writer.shared.update('state', 'before')
  await writer.events.log({ type: 'before' })
  await writer.transaction(async tx => {
    await tx.store('key', 'after')
    await tx.tasks.cancel(task.id)
    await tx.shared.update('state', 'after')
    await tx.events.log({ type: 'after' })
    // Had a read to wait for the transaction, the transaction would wait for itself, until its deadline.
    expect(await reader.retrieve('key')).toBe('before')
    expect(await reader.search('*')).toHaveLength(1)
    expect(await reader.tasks.get(task.id)).toMatchObject({ status: 'pending' })
    expect(await reader.shared.get('state')).toMatchObject({ value: 'before' })
    expect(await reader.events.count({ types: ['after'] })).toBe(0)
    expect(await reader.query('select type from events where type = $1', ['after'])).toEqual([])
  })
  expect(await reader.retrieve('key')).toBe('after')
})

it('lets two open transactions write different keys, neither waiting for the other', async () => {
  const url = await emptyUrl()
  const one = await openPostgresScratch({}, url)
  const two = await openPostgresScratch({}, url)
  await one.transaction(async first => {
    await first.store('a', 1)
    await two.transaction(async second => {
      await second.store('b', 2)
      await first.store('a2', 1)
      await second.store('b2', 2)
    })
    expect(await first.retrieve('b2')).toBe(2)
    expect(await two.retrieve('a')).toBeUndefined()
  })
  expect(await two.retrieve('a')).toBe(1)
})

it('lets two open transactions read and write different records, there or not, neither waiting for the other', async () => {
  const url = await emptyUrl()
  const one = await openPostgresScratch({}, url)
  const two = await openPostgresScratch({}, url)
  await one.kv.storeMany(['a', 'b'].map(key => ({ key, value: 0 })))
  await one.storeAgentMemory('agent', 'a', 0)
  const add = async (tx: Transaction, name: string) => {
    for (const key of [name, `new ${name}`]) {
      await tx.store(key, Number((await tx.retrieve(key)) ?? 0) + 1)
      await tx.storeAgentMemory('agent', key, Number((await tx.agents.retrieveMemory('agent', key)) ?? 0) + 1)
    }
    await tx.agents.get(name)
    await tx.sessions.get(name)
    await tx.patterns.get(name)
    await tx.getWorkflowState(name)
    await tx.getConsensusState(name)
    await tx.tasks.get(name)
  }
  await one.transaction(async first => {
    await add(first, 'a')
    await two.transaction(second => add(second, 'b'))
    await add(first, 'a')
  })
  const keys = ['a', 'new a', 'b', 'new b']
  expect([...(await one.kv.retrieveMany(keys)).entries()].sort()).toEqual([
    ['a', 2],
    ['b', 1],
    ['new a', 2],
    ['new b', 1],
  ])
})

it('claims past a task that another transaction holds', async () => {
  const url = await emptyUrl()
  const memory = await openPostgresScratch({}, url)
  await memory.tasks.createMany([
    { id: 'first', description: 'held' },
    { id: 'second', description: 'free' },
  ])
  await withClient(async client => {
    await client.query('begin')
    await client.query("select id from tasks where id = 'first' for update")
    expect(await memory.tasks.claim({ agentId: 'a', limit: 2 })).toMatchObject([{ id: 'second' }])
    await client.query('rollback')
  }, url)
  expect(await memory.tasks.claim({ agentId: 'a' })).toMatchObject([{ id: 'first' }])
})
