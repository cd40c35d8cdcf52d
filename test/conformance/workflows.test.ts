import { expect, it } from 'vitest'
import { TestClock } from '../support/clock.ts'
import { conform } from './conform.ts'

const testing = { at: 'tests', done: ['types', 'bundle'], left: ['tests', 'publish'] }

conform('workflows', open => {
  it('recovers the state that was saved last', async () => {
    const memory = await open()
    expect(await memory.getWorkflowState('nightly')).toBeUndefined()
    await memory.saveWorkflowState('nightly', testing)
    expect(await memory.getWorkflowState('nightly')).toEqual(testing)
    await memory.saveWorkflowState('nightly', null)
    expect(await memory.getWorkflowState('nightly')).toBeNull()
  })

  it('tells the whole record, and keeps a type and a checkpoint that a save leaves out', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    const createdAt = new Date(clock.now())
    const saved = await memory.saveWorkflowState('w', 1, {
      workflowType: 'ci',
      checkpoint: { commit: '4f2a' },
    })
    expect(saved).toEqual({
      id: 'w',
      workflowType: 'ci',
      state: 1,
      checkpoint: { commit: '4f2a' },
      version: 1,
      createdAt,
      updatedAt: createdAt,
      author: expect.anything(),
    })
    clock.advance(5)
    const again = await memory.saveWorkflowState('w', 2)
    expect(again).toEqual({ ...saved, state: 2, version: 2, updatedAt: new Date(clock.now()) })
    expect(await memory.workflows.get('w')).toEqual(again)
    const last = await memory.saveWorkflowState('w', 3, { workflowType: 'cd', checkpoint: null })
    expect(last).toMatchObject({ workflowType: 'cd', checkpoint: null })
    expect(await memory.saveWorkflowState('other', 1)).toMatchObject({
      workflowType: 'default',
      checkpoint: undefined,
    })
  })

  it('keeps the last 100 versions, newest first, page by page', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    for (let i = 1; i <= 103; i++) await memory.saveWorkflowState('w', `state ${i}`, { checkpoint: i })
    await memory.saveWorkflowState('other', 'apart')
    const seen: unknown[] = []
    let cursor: string | undefined
    do {
      const page = await memory.workflows.history('w', { limit: 30, cursor })
      seen.push(...page.items)
      cursor = page.cursor
    } while (cursor !== undefined)
    const savedAt = new Date(clock.now())
    expect(seen).toEqual(
      Array.from({ length: 100 }, (_, i) => 103 - i).map(i => ({
        version: i,
        state: `state ${i}`,
        checkpoint: i,
        savedAt,
        author: expect.anything(),
      })),
    )
    expect(await memory.workflows.history('absent')).toEqual({ items: [], cursor: undefined })
  })

  it('gives each of many saves at the same time a version of its own, with its state in the history', async () => {
    const memory = await open()
    const saves = Array.from({ length: 50 }, (_, i) => memory.saveWorkflowState('w', i))
    const versions = new Map((await Promise.all(saves)).map(({ version, state }) => [version, state]))
    expect([...versions.keys()].sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => i + 1))
    const { items } = await memory.workflows.history('w')
    expect(items.map(({ version, state }) => [version, state])).toEqual(
      [...versions].sort(([a], [b]) => b - a),
    )
    expect(await memory.getWorkflowState('w')).toBe(versions.get(50))
  })

  it('deletes a workflow with all that belongs to it, and never uses its versions again', async () => {
    const memory = await open()
    const { version } = await memory.saveWorkflowState('w', 1)
    await memory.workflows.step('w', 'lint', () => 'first')
    expect(await memory.workflows.delete('w')).toBe(true)
    expect(await memory.workflows.delete('w')).toBe(false)
    expect(await memory.workflows.get('w')).toBeUndefined()
    expect((await memory.workflows.history('w')).items).toEqual([])
    expect((await memory.workflows.steps('w')).items).toEqual([])
    expect(await memory.workflows.step('w', 'lint', () => 'second')).toBe('second')
    const again = await memory.saveWorkflowState('w', 2)
    expect(again.version).toBeGreaterThan(version)
    await memory.workflows.delete('w')
    expect((await memory.saveWorkflowState('w', 3)).version).toBeGreaterThan(again.version)
  })

  it('lists workflows by type, the one saved last first, page by page', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    for (const id of ['a', 'b', 'c', 'd', 'e']) {
      await memory.saveWorkflowState(id, id, { workflowType: id === 'c' ? 'cd' : 'ci' })
      if (id !== 'd') clock.advance(1)
    }
    await memory.saveWorkflowState('a', 'again')
    const seen: string[] = []
    let cursor: string | undefined
    do {
      const page = await memory.workflows.list({ workflowType: 'ci', limit: 2, cursor })
      seen.push(...page.items.map(workflow => workflow.id))
      cursor = page.cursor
    } while (cursor !== undefined)
    expect(seen).toEqual(['a', 'e', 'd', 'b'])
    expect((await memory.workflows.list()).items).toHaveLength(5)
    expect((await memory.workflows.list({ workflowType: 'none' })).items).toEqual([])
  })

  it('runs a step once and remembers its result, type and all', async () => {
    const memory = await open()
    let runs = 0
    const build = async () => {
      runs++
      return { artefact: 'app.js', at: new Date(0), sizes: [1, 2] }
    }
    const expected = { artefact: 'app.js', at: '1970-01-01T00:00:00.000Z', sizes: [1, 2] }
    const first: { artefact: string; at: string } = await memory.workflows.step('w', 'build', build)
    expect(first).toEqual(expected)
    expect(await memory.workflows.step('w', 'build', build)).toEqual(expected)
    expect(runs).toBe(1)
  })

  it('does not run a step again whose result is null or nothing at all', async () => {
    const memory = await open()
    let runs = 0
    const notify = () => {
      runs++
    }
    const nothing = async () => {
      runs++
      return null
    }
    for (let round = 0; round < 2; round++) {
      expect(await memory.workflows.step('w', 'notify', notify)).toBeNull()
      expect(await memory.workflows.step('w', 'nothing', nothing)).toBeNull()
    }
    expect(runs).toBe(2)
  })

  it('tells the rounds of a loop, the steps and the workflows apart', async () => {
    const memory = await open()
    const { workflows } = memory
    expect(await workflows.step('w', 's', () => 'a')).toBe('a')
    expect(await workflows.step('w', 's', () => 'b', { iteration: 1 })).toBe('b')
    expect(await workflows.step('w', 't', () => 'c')).toBe('c')
    expect(await workflows.step('v', 's', () => 'd')).toBe('d')
    expect(await workflows.step('w', 's', () => 'not run', { iteration: 0 })).toBe('a')
    const attempt = workflows.step('w', 's', () => 'not run', { iteration: -1 })
    await expect(attempt).rejects.toMatchObject({ code: 'invalid_input' })
  })

  it('keeps nothing of a step that failed, and runs it again', async () => {
    const memory = await open()
    const failing = memory.workflows.step('w', 's', () => {
      throw new Error('no network')
    })
    await expect(failing).rejects.toThrow('no network')
    const unstorable = memory.workflows.step('w', 's', () => Number.NaN)
    await expect(unstorable).rejects.toMatchObject({ code: 'invalid_input' })
    expect(await memory.workflows.get('w')).toBeUndefined()
    expect(await memory.workflows.step('w', 's', () => 'done')).toBe('done')
  })

  it('gives all who run a step at the same time the result that was kept first', async () => {
    const memory = await open()
    for (let round = 0; round < 20; round++) {
      const results = await Promise.all(
        Array.from({ length: 10 }, (_, i) =>
          (i % 2 ? memory : memory.as('another')).workflows.step('w', 's', () => `by ${i}`, {
            iteration: round,
          }),
        ),
      )
      expect(new Set(results).size).toBe(1)
      expect(await memory.workflows.step('w', 's', () => 'late', { iteration: round })).toBe(results[0])
    }
  })

  it('lets a step use the memory, since it runs outside of any transaction', async () => {
    const memory = await open()
    const result = await memory.workflows.step('w', 'outer', async () => {
      await memory.store('side effect', 1)
      return memory.workflows.step('w', 'inner', () => 'nested')
    })
    expect(result).toBe('nested')
    expect(await memory.retrieve('side effect')).toBe(1)
  })

  it('begins a workflow with its first step; its first save is then still the first version', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    await memory.workflows.step('w', 's', () => 1)
    expect(await memory.workflows.get('w')).toMatchObject({
      workflowType: 'default',
      state: null,
      version: 0,
    })
    expect((await memory.workflows.history('w')).items).toEqual([])
    expect(await memory.saveWorkflowState('w', 'saved', { workflowType: 'ci' })).toMatchObject({
      workflowType: 'ci',
      version: 1,
    })
    expect((await memory.workflows.history('w')).items).toHaveLength(1)
  })

  it('lists the steps that are done in the order they were, page by page', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    for (const name of ['lint', 'compile', 'test']) {
      await memory.workflows.step('w', name, () => ({ name }))
      clock.advance(1)
    }
    for (const iteration of [2, 0, 1])
      await memory.workflows.step('w', 'deploy', () => iteration, { iteration })
    const seen: string[] = []
    let cursor: string | undefined
    do {
      const page = await memory.workflows.steps('w', { limit: 2, cursor })
      seen.push(...page.items.map(step => `${step.name} ${step.iteration}`))
      cursor = page.cursor
    } while (cursor !== undefined)
    expect(seen).toEqual(['lint 0', 'compile 0', 'test 0', 'deploy 2', 'deploy 0', 'deploy 1'])
    expect((await memory.workflows.steps('w')).items[0]).toEqual({
      name: 'lint',
      iteration: 0,
      kind: 'step',
      result: { name: 'lint' },
      completedAt: new Date(clock.now() - 3),
    })
  })

  it('keeps the first result of a step that was run elsewhere', async () => {
    const memory = await open()
    expect(await memory.workflows.getStep('w', 's')).toBeUndefined()
    const step = await memory.workflows.completeStep('w', 's', 'first')
    expect(step).toMatchObject({ name: 's', iteration: 0, result: 'first' })
    expect(await memory.workflows.completeStep('w', 's', 'second')).toEqual(step)
    expect(await memory.workflows.getStep('w', 's')).toEqual(step)
    expect(await memory.workflows.step('w', 's', () => 'third')).toBe('first')
  })

  it('takes part in a transaction, and is undone with it', async () => {
    const memory = await open()
    await memory.saveWorkflowState('w', 1)
    const undone = memory.transaction(async tx => {
      expect(await tx.saveWorkflowState('w', 2)).toMatchObject({ version: 2 })
      await tx.workflows.completeStep('w', 's', 1)
      throw new Error('undo')
    })
    await expect(undone).rejects.toThrow('undo')
    expect(await memory.workflows.get('w')).toMatchObject({ state: 1, version: 1 })
    expect((await memory.workflows.history('w')).items).toHaveLength(1)
    expect(await memory.workflows.getStep('w', 's')).toBeUndefined()
  })

  it('goes on from a workflow that somebody inserted in SQL', async () => {
    const memory = await open()
    await memory.execute(
      "insert into workflow_state (id, workflow_type, state) values ('w', 'ci', '{\"a\":1}')",
    )
    expect(await memory.getWorkflowState('w')).toEqual({ a: 1 })
    expect(await memory.saveWorkflowState('w', 2)).toMatchObject({ workflowType: 'ci', version: 2 })
  })
})
