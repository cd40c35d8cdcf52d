import { expect, it } from 'vitest'
import { TestClock } from '../support/clock.ts'
import { conform } from './conform.ts'

const coder = { id: 'coder-1', type: 'coder' }

conform('agent memory', open => {
  it('keeps the memory of each agent to itself', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    await memory.registerAgent(coder)
    await memory.storeAgentMemory('coder-1', 'reviews', [{ file: 'login.ts', ok: true }])
    await memory.storeAgentMemory('tester-1', 'reviews', 'other')
    const createdAt = new Date(clock.now())
    clock.advance(1000)
    await memory.updateAgentMemory('coder-1', 'reviews', null)
    expect(await memory.agents.retrieveMemory('coder-1', 'reviews')).toBeNull()
    expect(await memory.agents.retrieveMemory('tester-1', 'reviews')).toBe('other')
    expect(await memory.agents.retrieveMemory('coder-1', 'absent')).toBeUndefined()
    expect((await memory.agents.listMemory('coder-1')).items).toEqual([
      {
        agentId: 'coder-1',
        key: 'reviews',
        value: null,
        createdAt,
        updatedAt: new Date(clock.now()),
        revision: 2,
        author: expect.anything(),
      },
    ])
    expect(await memory.agents.deleteMemory('coder-1', 'reviews')).toBe(true)
    expect(await memory.agents.deleteMemory('coder-1', 'reviews')).toBe(false)
    expect(await memory.agents.retrieveMemory('tester-1', 'reviews')).toBe('other')
  })

  it('lists memory by key and glob, page by page', async () => {
    const memory = await open()
    for (const key of ['b', 'task_2', 'task_1', 'taskX', 'a']) await memory.storeAgentMemory('a', key, key)
    await memory.storeAgentMemory('b', 'task_3', 1)
    const keys = async (glob?: string) =>
      (await memory.agents.listMemory('a', { glob })).items.map(({ key }) => key)
    expect(await keys()).toEqual(['a', 'b', 'taskX', 'task_1', 'task_2'])
    expect(await keys('task_*')).toEqual(['task_1', 'task_2'])
    const first = await memory.agents.listMemory('a', { glob: 'task*', limit: 2 })
    const second = await memory.agents.listMemory('a', { glob: 'task*', limit: 2, cursor: first.cursor })
    expect([...first.items, ...second.items].map(({ key }) => key)).toEqual(['taskX', 'task_1', 'task_2'])
    expect(second.cursor).toBeUndefined()
    expect(await memory.agents.listMemory('nobody')).toEqual({ items: [], cursor: undefined })
  })

  it('gives an agent that nobody registered one entry, however many keys come at once', async () => {
    const memory = await open()
    const numbers = Array.from({ length: 30 }, (_, i) => i)
    await Promise.all(numbers.map(i => memory.storeAgentMemory('agent-9', `k${i}`, i)))
    expect(await memory.agents.list()).toMatchObject({ items: [{ id: 'agent-9', type: 'unregistered' }] })
    expect((await memory.agents.listMemory('agent-9')).items).toHaveLength(30)
    const { incarnation } = (await memory.agents.get('agent-9'))!
    const agent = await memory.registerAgent({ id: 'agent-9', type: 'coder' })
    expect(agent.incarnation).toBeGreaterThan(incarnation)
    expect(await memory.agents.retrieveMemory('agent-9', 'k7')).toBe(7)
  })

  it('makes no entry for an agent whose value is refused, or whose transaction is undone', async () => {
    const memory = await open()
    await expect(memory.storeAgentMemory('a', 'k', undefined)).rejects.toMatchObject({
      code: 'invalid_input',
    })
    const undone = memory.transaction(async tx => {
      await tx.updateAgentMemory('a', 'k', 1)
      throw new Error('undo')
    })
    await expect(undone).rejects.toThrow('undo')
    expect((await memory.agents.list()).items).toEqual([])
  })
})
