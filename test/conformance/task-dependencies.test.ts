import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Memory } from '../../src/memory.ts'
import { checkAcyclic } from '../../src/tasks/dependencies.ts'
import type { NewTask } from '../../src/tasks/new-task.ts'
import { TestClock } from '../support/clock.ts'
import { claimOne, storyOf } from '../support/tasks.ts'
import { conform } from './conform.ts'

const diamond: NewTask[] = [
  { id: 'top', description: 'x' },
  { id: 'left', description: 'x', dependencies: ['top'] },
  { id: 'right', description: 'x', dependencies: ['top'] },
  { id: 'bottom', description: 'x', dependencies: ['left', 'right'] },
]

async function statusOf(memory: Memory, ...ids: string[]): Promise<string[]> {
  const found = await Promise.all(ids.map(id => memory.tasks.get(id)))
  return found.map(task => task?.status ?? 'absent')
}

/** Claims whatever is ready and returns the ids. */
async function claimAll(memory: Memory) {
  return memory.tasks.claim({ agentId: 'worker', limit: 100 })
}

const idsOf = (tasks: { id: string }[]) => tasks.map(task => task.id)

/** Brings a task, the only ready one, to an end without success. */
const endings = {
  failed: async (memory: Memory) => {
    await memory.tasks.fail({ ...(await claimOne(memory)), error: 'no', retry: false })
  },
  dead: async (memory: Memory) => {
    await memory.tasks.fail({ ...(await claimOne(memory)), error: 'no' })
  },
  cancelled: async (memory: Memory) => {
    await memory.tasks.cancel((await claimOne(memory)).id)
  },
} as const

conform('task dependencies', open => {
  it('makes a task ready when the last of those it waits for completes', async () => {
    const memory = await open()
    await memory.tasks.createMany(diamond)
    const top = await claimOne(memory)
    expect(top.id).toBe('top')
    expect(await claimAll(memory)).toEqual([])
    await memory.tasks.complete(top)
    const [left, right] = await claimAll(memory)
    expect([left?.id, right?.id]).toEqual(['left', 'right'])
    await memory.tasks.complete(right!)
    expect(await claimAll(memory)).toEqual([])
    await memory.tasks.complete(left!)
    expect(idsOf(await claimAll(memory))).toEqual(['bottom'])
  })

  it('makes it ready in the same transaction: a rollback takes both back', async () => {
    const memory = await open()
    await memory.tasks.createMany(diamond)
    const top = await claimOne(memory)
    const undone = memory.transaction(async tx => {
      await tx.tasks.complete(top)
      expect(idsOf(await tx.tasks.claim({ agentId: 'w', limit: 9 }))).toEqual(['left', 'right'])
      throw new Error('undo')
    })
    await expect(undone).rejects.toThrow('undo')
    expect(await claimAll(memory)).toEqual([])
    await memory.tasks.complete(top)
    expect(idsOf(await claimAll(memory))).toEqual(['left', 'right'])
  })

  it('counts parents that complete in one call, or that had completed before', async () => {
    const memory = await open()
    await memory.tasks.createMany(diamond.slice(0, 3))
    await memory.tasks.complete(await claimOne(memory))
    await memory.tasks.createMany([
      ...diamond.slice(3),
      { id: 'after', description: 'x', dependencies: ['top'] },
    ])
    const claimed = await claimAll(memory)
    expect(idsOf(claimed)).toEqual(['left', 'right', 'after'])
    await memory.tasks.completeMany(claimed)
    expect(idsOf(await claimAll(memory))).toEqual(['bottom'])
  })

  it('refuses a batch with a circle, naming it, and creates nothing of it', async () => {
    const memory = await open()
    const circle = [
      { id: 'fine', description: 'x' },
      { id: 'a', description: 'x', dependencies: ['fine', 'c'] },
      { id: 'b', description: 'x', dependencies: ['a'] },
      { id: 'c', description: 'x', dependencies: ['b'] },
    ]
    await expect(memory.tasks.createMany(circle)).rejects.toMatchObject({
      code: 'invalid_input',
      message: expect.stringContaining('a → c → b → a'),
      details: { cycle: ['a', 'c', 'b', 'a'] },
    })
    const self = { id: 'self', description: 'x', dependencies: ['self'] }
    await expect(memory.tasks.create(self)).rejects.toMatchObject({ details: { cycle: ['self', 'self'] } })
    expect((await memory.tasks.list()).items).toEqual([])
  })

  it('finds a circle in any batch that has one, and none in any that has not', () => {
    const edges = fc.array(fc.tuple(fc.nat(9), fc.nat(9)), { maxLength: 25 })
    const property = fc.property(edges, list => {
      const parents = new Map(Array.from({ length: 10 }, (_, i) => [`${i}`, [] as string[]]))
      for (const [child, parent] of list) parents.get(`${child}`)?.push(`${parent}`)
      // Taking away what waits for nothing, over and over, leaves a remainder exactly when there is a circle.
      const rest = new Map(parents)
      const freeOf = () => [...rest].filter(([, ids]) => ids.every(id => !rest.has(id)))
      for (let free = freeOf(); free.length > 0; free = freeOf()) for (const [id] of free) rest.delete(id)
      if (rest.size === 0) return checkAcyclic(parents)
      try {
        checkAcyclic(parents)
      } catch (error) {
        const { cycle } = (error as { details: { cycle: string[] } }).details
        expect(cycle.at(-1)).toBe(cycle[0])
        for (const [i, id] of cycle.slice(0, -1).entries()) expect(parents.get(id)).toContain(cycle[i + 1])
        return
      }
      expect.unreachable('the circle was not found')
    })
    fc.assert(property, { numRuns: 1000 })
  })

  it('walks a chain as long as the largest batch', async () => {
    const memory = await open({ durability: 'normal' })
    const chain = Array.from({ length: 10_000 }, (_, i) => ({
      id: `${i}`,
      description: 'x',
      dependencies: i === 0 ? [] : [`${i - 1}`],
    }))
    await memory.tasks.createMany(chain.reverse())
    expect(await memory.tasks.cancel('0')).toHaveLength(10_000)
  })

  it('refuses a dependency on a task that does not exist', async () => {
    const memory = await open()
    const batch = [
      { id: 'a', description: 'x' },
      { id: 'b', description: 'x', dependencies: ['a', 'absent'] },
    ]
    await expect(memory.tasks.createMany(batch)).rejects.toMatchObject({
      code: 'not_found',
      details: { missing: ['absent'] },
    })
    expect(await memory.tasks.get('a')).toBeUndefined()
  })

  for (const [status, ends] of Object.entries(endings)) {
    it(`does with dependents what each edge says when a task is ${status}`, async () => {
      const memory = await open()
      await memory.tasks.createMany([
        { id: 'parent', description: 'x', maxAttempts: 1 },
        { id: 'fail', description: 'x', dependencies: [{ id: 'parent', onFailure: 'fail' }] },
        { id: 'default', description: 'x', dependencies: ['parent'] },
        { id: 'skip', description: 'x', dependencies: [{ id: 'parent', onFailure: 'skip' }] },
        { id: 'ignore', description: 'x', dependencies: [{ id: 'parent', onFailure: 'ignore' }] },
        { id: 'below-fail', description: 'x', dependencies: ['fail'] },
        { id: 'below-skip', description: 'x', dependencies: ['skip'] },
        {
          id: 'despite',
          description: 'x',
          dependencies: [{ id: 'below-fail', onFailure: 'ignore' }, 'ignore'],
        },
      ])
      await ends(memory)
      const failed = status === 'cancelled' ? 'cancelled' : 'failed'
      expect(await statusOf(memory, 'parent', 'fail', 'default', 'below-fail')).toEqual([
        status,
        failed,
        failed,
        failed,
      ])
      expect(await statusOf(memory, 'skip', 'below-skip')).toEqual(['cancelled', 'cancelled'])
      expect(await memory.tasks.get('below-fail')).toMatchObject({
        causedBy: 'fail',
        completedAt: expect.any(Date),
      })
      expect(await storyOf(memory, 'below-fail')).toMatchObject({
        length: 2,
        1: expect.stringContaining(failed),
      })
      const ignoring = await claimOne(memory)
      expect(ignoring.id).toBe('ignore')
      await memory.tasks.complete(ignoring)
      expect(idsOf(await claimAll(memory))).toEqual(['despite'])
      const { pending } = await memory.tasks.counts()
      expect(pending).toBe(0)
    })
  }

  it('applies the edge at once when a task is created below one that has failed already', async () => {
    const memory = await open()
    await memory.tasks.create({ id: 'parent', description: 'x' })
    await endings.failed(memory)
    const created = await memory.tasks.createMany([
      { id: 'fail', description: 'x', dependencies: ['parent'] },
      { id: 'below', description: 'x', dependencies: ['fail'] },
      { id: 'ignore', description: 'x', dependencies: [{ id: 'parent', onFailure: 'ignore' }] },
    ])
    expect(created.map(task => task.status)).toEqual(['failed', 'failed', 'pending'])
    expect(idsOf(await claimAll(memory))).toEqual(['ignore'])
  })

  it('ends dependents when the last lease of a task lapses', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    await memory.tasks.createMany([
      { id: 'parent', description: 'x', maxAttempts: 1 },
      { id: 'child', description: 'x', dependencies: ['parent'] },
      { id: 'due', description: 'x', dependencies: ['parent'], delayMs: 100 },
    ])
    await claimOne(memory, { leaseMs: 100 })
    clock.advance(100)
    expect(await claimAll(memory)).toEqual([])
    expect(await statusOf(memory, 'parent', 'child', 'due')).toEqual(['dead', 'failed', 'failed'])
  })

  it('cancels all that wait for a task, and tells its worker', async () => {
    const memory = await open()
    await memory.tasks.createMany(diamond)
    const top = await claimOne(memory)
    expect((await memory.tasks.cancel('top')).sort()).toEqual(['bottom', 'left', 'right', 'top'])
    for (const call of ['heartbeat', 'complete', 'release'] as const) {
      const refused = memory.tasks[call](top)
      await expect(refused).rejects.toMatchObject({ code: 'stale_token', details: { status: 'cancelled' } })
    }
    expect(await memory.tasks.get('bottom')).toMatchObject({ status: 'cancelled', causedBy: 'left' })
    expect(await storyOf(memory, 'bottom')).toEqual(['task.created by system', 'task.cancelled by system'])
    expect(await memory.tasks.cancel('top')).toEqual([])
    await expect(memory.tasks.cancel('absent')).rejects.toMatchObject({ code: 'not_found' })
  })

  it('leaves what has ended alone when it cancels', async () => {
    const memory = await open()
    await memory.tasks.createMany(diamond)
    await memory.tasks.complete(await claimOne(memory))
    await expect(memory.tasks.cancel('top')).rejects.toMatchObject({
      code: 'conflict',
      details: { status: 'completed' },
    })
    expect(await memory.tasks.cancel('left')).toEqual(['left', 'bottom'])
    expect(await statusOf(memory, 'top', 'left', 'right', 'bottom')).toEqual([
      'completed',
      'cancelled',
      'pending',
      'cancelled',
    ])
    await memory.tasks.complete(await claimOne(memory))
    expect(await statusOf(memory, 'right', 'bottom')).toEqual(['completed', 'cancelled'])
  })

  it('redrives a dead task, all its attempts before it, and the tasks that ended because of it', async () => {
    const memory = await open()
    await memory.tasks.createMany([{ ...diamond[0]!, maxAttempts: 1 }, ...diamond.slice(1)])
    await endings.dead(memory)
    expect(await statusOf(memory, 'top', 'left', 'right', 'bottom')).toEqual([
      'dead',
      'failed',
      'failed',
      'failed',
    ])
    expect((await memory.tasks.redrive('top')).sort()).toEqual(['bottom', 'left', 'right', 'top'])
    expect(await memory.tasks.get('bottom')).toMatchObject({
      status: 'pending',
      causedBy: undefined,
      completedAt: undefined,
    })
    const top = await claimOne(memory)
    expect(top).toMatchObject({ id: 'top', token: 2, attempt: 1, errors: [{ attempt: 1 }] })
    await memory.tasks.complete(top)
    const sides = await claimAll(memory)
    expect(idsOf(sides)).toEqual(['left', 'right'])
    await memory.tasks.complete(sides[0]!)
    expect(await claimAll(memory)).toEqual([])
    await memory.tasks.complete(sides[1]!)
    expect(idsOf(await claimAll(memory))).toEqual(['bottom'])
    expect(await storyOf(memory, 'bottom')).toContain('task.redriven by system')
  })

  it('does not wait twice for a parent that was ignored, and then redriven', async () => {
    const memory = await open()
    await memory.tasks.createMany([
      { id: 'ignored', description: 'x', maxAttempts: 1 },
      { id: 'other', description: 'x' },
      { id: 'child', description: 'x', dependencies: [{ id: 'ignored', onFailure: 'ignore' }, 'other'] },
    ])
    const [ignored, other] = await claimAll(memory)
    await memory.tasks.fail({ ...ignored!, error: 'x' })
    await memory.tasks.redrive('ignored')
    await memory.tasks.complete(await claimOne(memory))
    expect(await claimAll(memory)).toEqual([])
    await memory.tasks.complete(other!)
    expect(idsOf(await claimAll(memory))).toEqual(['child'])
  })

  it('redrives a task with two bad parents only when both are redriven', async () => {
    const memory = await open()
    await memory.tasks.createMany([
      { id: 'p1', description: 'x' },
      { id: 'p2', description: 'x' },
      { id: 'child', description: 'x', dependencies: ['p1', 'p2'] },
    ])
    for (const task of await claimAll(memory)) await memory.tasks.fail({ ...task, error: 'x', retry: false })
    await expect(memory.tasks.redrive('child')).rejects.toMatchObject({
      code: 'conflict',
      details: { id: 'child', status: 'failed' },
    })
    expect(await memory.tasks.redrive('p1')).toEqual(['p1'])
    expect(await memory.tasks.redrive('p2')).toEqual(['p2', 'child'])
    expect(await statusOf(memory, 'child')).toEqual(['pending'])
  })

  it('redrives dead tasks up to a limit, and refuses what has not ended badly', async () => {
    const memory = await open()
    await memory.tasks.createMany(['a', 'b', 'c'].map(id => ({ id, description: id, maxAttempts: 1 })))
    const claimed = await claimAll(memory)
    for (const id of ['a', 'b', 'c']) {
      await expect(memory.tasks.redrive(id)).rejects.toMatchObject({
        code: 'conflict',
        details: { status: 'running' },
      })
    }
    for (const task of claimed) await memory.tasks.fail({ ...task, error: 'x' })
    expect(await memory.tasks.redrive({ limit: 2 })).toEqual(['a', 'b'])
    expect(await memory.tasks.redrive()).toEqual(['c'])
    expect(await memory.tasks.redrive()).toEqual([])
    await memory.tasks.complete(await claimOne(memory))
    await expect(memory.tasks.redrive('a')).rejects.toMatchObject({ details: { status: 'completed' } })
    await expect(memory.tasks.redrive('absent')).rejects.toMatchObject({ code: 'not_found' })
  })

  it('does not delete a task that others wait for', async () => {
    const memory = await open()
    await memory.tasks.createMany(diamond)
    await expect(memory.tasks.delete('top')).rejects.toMatchObject({ code: 'conflict' })
    await memory.tasks.complete(await claimOne(memory))
    expect(await memory.tasks.delete('top')).toBe(true)
    expect(await memory.tasks.get('left')).toMatchObject({ dependencies: ['top'] })
    await memory.tasks.cancel('bottom')
    expect(await memory.tasks.delete('left')).toBe(true)
    expect(await memory.tasks.delete('bottom')).toBe(true)
  })

  it('draws the graph, whole or below a task', async () => {
    const memory = await open()
    await memory.tasks.createMany([...diamond, { id: 'alone', description: 'x' }])
    await memory.tasks.create({
      id: 'under',
      description: 'x',
      priority: 'low',
      dependencies: [{ id: 'left', onFailure: 'skip' }],
    })
    const whole = await memory.tasks.graph()
    expect(idsOf(whole.nodes)).toEqual(['alone', 'bottom', 'left', 'right', 'top', 'under'])
    expect(whole.edges).toHaveLength(5)
    expect(whole.truncated).toBe(false)
    expect(await memory.tasks.graph({ rootId: 'left' })).toEqual({
      nodes: [
        { id: 'bottom', description: 'x', status: 'pending', priority: 'medium', assignedTo: undefined },
        { id: 'left', description: 'x', status: 'pending', priority: 'medium', assignedTo: undefined },
        { id: 'under', description: 'x', status: 'pending', priority: 'low', assignedTo: undefined },
      ],
      edges: [
        { from: 'left', to: 'bottom', onFailure: 'fail' },
        { from: 'left', to: 'under', onFailure: 'skip' },
      ],
      truncated: false,
    })
    expect(await memory.tasks.graph({ limit: 2 })).toMatchObject({
      nodes: [{}, {}],
      edges: [],
      truncated: true,
    })
    await expect(memory.tasks.graph({ rootId: 'absent' })).rejects.toMatchObject({ code: 'not_found' })
  })
})
