import { expect, it } from 'vitest'
import type { Memory } from '../../src/memory.ts'
import type { WorkflowContext } from '../../src/workflows/workflow-context.ts'
import { TestClock } from '../support/clock.ts'
import { until } from '../support/remote.ts'
import { ended, serving, suspended } from '../support/workflows.ts'
import { conform } from './conform.ts'

const minute = 60_000

const status = async (memory: Memory, id: string) => (await memory.workflows.getRun(id))?.status

async function typesOf(memory: Memory): Promise<string[]> {
  return (await memory.events.list()).items.map(event => event.type).sort()
}

conform('workflow runs', open => {
  it('runs a workflow once, and gives every later caller its result', async () => {
    const memory = await open()
    let builds = 0
    const deploy = async (wf: WorkflowContext) => {
      const build = await wf.step('build', () => ({ input: wf.input, n: ++builds }))
      return { build, key: wf.key('build'), version: wf.version, type: wf.workflowType }
    }
    const options = { type: 'deploy', input: { commit: '4f2a' }, version: '3' }
    const result = await memory.workflows.run('d', deploy, options)
    expect(result).toEqual({
      build: { input: { commit: '4f2a' }, n: 1 },
      key: 'd:build:0',
      version: '3',
      type: 'deploy',
    })
    expect(await memory.workflows.run('d', deploy, options)).toEqual(result)
    expect(builds).toBe(1)
    expect(await memory.workflows.getRun('d')).toMatchObject({
      status: 'completed',
      result,
      owner: undefined,
    })
    expect(await memory.workflows.get('d')).toMatchObject({ workflowType: 'deploy' })
  })

  it('has one open run for all who run a workflow at the same time', async () => {
    const memory = await open()
    let executions = 0
    const results = await Promise.all(
      Array.from({ length: 8 }, (_, i) =>
        memory.as(`a${i}`).workflows.run('w', async wf => {
          executions++
          return wf.step('s', () => i)
        }),
      ),
    )
    expect(new Set(results).size).toBe(1)
    expect(executions).toBe(1)
    expect(await typesOf(memory)).toEqual(['workflow.completed', 'workflow.started'])
  })

  it('keeps the input and the type of an open run, and refuses another type', async () => {
    const memory = await open()
    const run = await memory.workflows.start('ci', { id: 'w', input: 1 })
    expect(await memory.workflows.start('ci', { id: 'w', input: 2 })).toEqual(run)
    await expect(memory.workflows.start('cd', { id: 'w' })).rejects.toMatchObject({ code: 'conflict' })
    expect(await memory.workflows.run('w', wf => wf.input, { input: 3 })).toBe(1)
  })

  it('goes on behind the last step that is done, with the same key for a step that is not', async () => {
    const memory = await open()
    const seen: string[] = []
    const deploy = (fails: boolean) => async (wf: WorkflowContext) => {
      await wf.step('a', ({ key }) => void seen.push(key))
      await wf.step('b', ({ key }) => {
        seen.push(key)
        if (fails) throw new TypeError('no network')
      })
      return 'done'
    }
    await expect(memory.workflows.run('w:1', deploy(true))).rejects.toThrow(new TypeError('no network'))
    expect(await memory.workflows.getRun('w:1')).toMatchObject({
      status: 'failed',
      error: { name: 'TypeError', message: 'no network' },
    })
    const again = memory.workflows.run('w:1', deploy(false))
    await expect(again).rejects.toMatchObject({
      code: 'conflict',
      details: { workflowId: 'w:1', status: 'failed', error: { message: 'no network' } },
    })
    expect(await memory.workflows.retry('w:1')).toMatchObject({ status: 'open', error: undefined })
    expect(await memory.workflows.run('w:1', deploy(false))).toBe('done')
    expect(seen).toEqual(['w%3A1:a:0', 'w%3A1:b:0', 'w%3A1:b:0'])
    const retry = memory.workflows.retry('w:1')
    await expect(retry).rejects.toMatchObject({ code: 'conflict', details: { status: 'completed' } })
  })

  it('fails a run whose result cannot be kept, or that uses a name twice', async () => {
    const memory = await open()
    const bad = memory.workflows.run('w', () => Number.NaN)
    await expect(bad).rejects.toMatchObject({ code: 'invalid_input' })
    const twice = memory.workflows.run('v', async wf => {
      await wf.step('s', () => 1)
      await wf.step('s', () => 2, { iteration: 1 })
      await wf.sleep('s', 1)
    })
    await expect(twice).rejects.toThrow('used before')
    expect(await memory.workflows.getRun('v')).toMatchObject({
      status: 'failed',
      error: { name: 'InvalidInput', code: 'invalid_input' },
    })
  })

  it.each<[what: string, error: unknown, message: string]>([
    ['without a text', Object.create(null), 'an object'],
    ['nothing', undefined, 'undefined'],
    ['with a message that is none', Object.assign(new Error(), { message: 10n }), '10'],
    ['with more than can be kept', new Error('x'.repeat(2_000_000)), `${'x'.repeat(10_000)}…`],
  ])('a run ends whatever its function throws: %s', async (_, error, message) => {
    const memory = await open()
    const bad = memory.workflows.run('w', () => {
      throw error
    })
    await expect(bad.catch(reason => reason === error)).resolves.toBe(true)
    expect(await memory.workflows.getRun('w')).toMatchObject({
      status: 'failed',
      error: { name: 'Error', message },
    })
  })

  it('tries a step again as often as it is told', async () => {
    const memory = await open()
    const attempts: number[] = []
    const flaky = (wf: WorkflowContext) =>
      wf.step(
        's',
        ({ attempt }) => {
          attempts.push(attempt)
          if (attempt < 3) throw new Error(`attempt ${attempt}`)
          return attempt
        },
        { retries: { maxAttempts: 3, backoff: 1 } },
      )
    expect(await memory.workflows.run('w', flaky)).toBe(3)
    expect(attempts).toEqual([1, 2, 3])
    const failing = memory.workflows.run('v', wf =>
      wf.step('s', () => Promise.reject(new Error('never')), { retries: { maxAttempts: 2, backoff: 1 } }),
    )
    await expect(failing).rejects.toThrow('never')
  })

  it('refuses the step of a process whose run was taken over, and its result changes nothing', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    const [reached, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    let refused: unknown
    const zombie = memory.as('zombie').workflows.run('w', async wf => {
      await wf
        .step('s', async () => {
          reached.resolve()
          await goOn.promise
          return 'stale'
        })
        .catch(error => {
          refused = error
        })
      return 'stale result'
    })
    await reached.promise
    clock.advance(30_001)
    const taker = memory.as('taker').workflows.run('w', async wf => {
      const result = await wf.step('s', () => 'fresh')
      goOn.resolve()
      await expect(zombie).rejects.toMatchObject({ code: 'stale_token' })
      return result
    })
    expect(await taker).toBe('fresh')
    expect(refused).toMatchObject({ code: 'stale_token', details: { workflowId: 'w', status: 'open' } })
    expect((await memory.workflows.steps('w')).items.map(step => step.result)).toEqual(['fresh'])
    expect(await memory.workflows.getRun('w')).toMatchObject({ status: 'completed', result: 'fresh' })
  })

  it('a step renews the lease', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    const result = await memory.workflows.run('w', async wf => {
      for (let iteration = 0; iteration < 3; iteration++) {
        clock.advance(20_000)
        await wf.step('s', () => iteration, { iteration })
      }
      return (await memory.workflows.getRun('w'))?.owner !== undefined
    })
    expect(result).toBe(true)
  })

  it('a signal that was sent before anybody waits is there at once, and the first of a name is kept', async () => {
    const memory = await open()
    const sent = await memory.workflows.signal('w', 'approved', { by: 'ann' })
    expect(sent).toMatchObject({ name: 'approved', payload: { by: 'ann' } })
    expect(await memory.workflows.signal('w', 'approved', { by: 'bob' })).toEqual(sent)
    const result = await memory.workflows.run('w', wf => wf.waitFor('approved', { timeout: '1d' }))
    expect(result).toEqual({ by: 'ann' })
    expect(await typesOf(memory)).toEqual(['workflow.completed', 'workflow.signalled', 'workflow.started'])
  })

  it('no signal is missed, whenever it comes between the look and the wait', async () => {
    const memory = await open()
    const stop = serving(memory, { w: { run: wf => wf.waitFor('go') } }, { concurrency: 50 })
    const sends: Promise<unknown>[] = []
    for (let i = 0; i < 60; i++) {
      await memory.workflows.start('w', { id: `w${i}` })
      const delayMs = Math.random() * 60
      sends.push(
        new Promise(resolve => setTimeout(resolve, delayMs)).then(() =>
          memory.workflows.signal(`w${i}`, 'go', i),
        ),
      )
    }
    await Promise.all(sends)
    for (let i = 0; i < 60; i++)
      expect(await ended(memory, `w${i}`)).toMatchObject({ status: 'completed', result: i })
    expect(await stop()).toEqual([])
  })

  it('a timeout is kept, and a signal that comes later changes nothing', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    const code = async (wf: WorkflowContext) => {
      const answer = await wf.waitFor('approved', { timeout: '1d' })
      await wf.waitFor('again')
      return answer === undefined ? 'timed out' : 'approved'
    }
    const stop = serving(memory, { w: { run: code } })
    await memory.workflows.start('w', { id: 'w' })
    const waiting = await suspended(memory, 'w')
    expect(waiting).toMatchObject({
      waitsFor: ['approved'],
      wakeAt: new Date(clock.now() + 24 * 60 * minute),
    })
    clock.advance(24 * 60 * minute)
    await until(
      () => memory.workflows.getRun('w'),
      run => run?.waitsFor[0] === 'again',
    )
    await memory.workflows.signal('w', 'approved', true)
    await memory.workflows.signal('w', 'again')
    expect(await ended(memory, 'w')).toMatchObject({ status: 'completed', result: 'timed out' })
    expect(await memory.workflows.getStep('w', 'approved')).toMatchObject({
      kind: 'wait',
      result: { timedOut: true },
    })
    await stop()
  })

  it('a signal counts when it was sent in time, however late anybody looks', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    const code = { w: { run: (wf: WorkflowContext) => wf.waitFor('approved', { timeout: '1h' }) } }
    for (const id of ['in time', 'late']) await memory.workflows.start('w', { id })
    const stop = serving(memory, code)
    for (const id of ['in time', 'late']) await suspended(memory, id)
    await stop()
    await memory.workflows.signal('in time', 'approved', 1)
    clock.advance(60 * minute + 1)
    await memory.workflows.signal('late', 'approved', 1)
    const stopAgain = serving(memory, code)
    expect(await ended(memory, 'in time')).toMatchObject({ result: 1 })
    expect(await ended(memory, 'late')).toMatchObject({ result: null })
    await stopAgain()
  })

  it('only code of the version that a run was started with works on it', async () => {
    const memory = await open()
    await memory.workflows.start('w', { id: 'old', version: '1' })
    await memory.workflows.start('w', { id: 'new', version: '2' })
    const stop = serving(memory, { w: { version: '2', run: () => 'by 2' } })
    expect(await ended(memory, 'new')).toMatchObject({ result: 'by 2' })
    await stop()
    expect(await memory.workflows.getRun('old')).toMatchObject({ status: 'open', owner: undefined })
    const other = memory.workflows.run('old', () => 'by 2', { version: '2' })
    await expect(other).rejects.toMatchObject({ code: 'conflict', details: { version: '1' } })
    expect(await memory.workflows.run('old', () => 'by 1', { version: '1' })).toBe('by 1')
  })

  it('a workflow has at most 10,000 steps', async () => {
    const memory = await open()
    await memory.workflows.step('w', 's', () => 1)
    await memory.execute("update workflow_state set step_count = 9999 where id = 'w'")
    const run = memory.workflows.run('w', async wf => {
      await wf.step('the last', () => 1)
      await wf.step('s', () => 'kept')
      await wf.step('too many', () => 1)
    })
    await expect(run).rejects.toMatchObject({ code: 'too_large', details: { limit: 10_000 } })
    expect((await memory.workflows.steps('w')).items.map(step => step.name)).toEqual(['s', 'the last'])
    expect(await memory.workflows.completeStep('w', 's', 2)).toMatchObject({ result: 1 })
  })

  it('of several that serve the same type, each run is worked on by one', async () => {
    const memory = await open()
    const executions = new Map<string, number>()
    const code = {
      w: {
        run: (wf: WorkflowContext) => {
          executions.set(wf.id, (executions.get(wf.id) ?? 0) + 1)
          return wf.step('s', () => wf.input)
        },
      },
    }
    const stops = ['a', 'b', 'c'].map(name => serving(memory.as(name), code, { concurrency: 4 }))
    const ids = Array.from({ length: 60 }, (_, i) => `w${i}`)
    await Promise.all(ids.map((id, input) => memory.workflows.start('w', { id, input })))
    for (const [i, id] of ids.entries()) expect(await ended(memory, id)).toMatchObject({ result: i })
    for (const stop of stops) expect(await stop()).toEqual([])
    expect([...executions.values()]).toEqual(ids.map(() => 1))
  })

  it('takes over a run whose lease has lapsed, as soon as it may go on', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    const reached = Promise.withResolvers<void>()
    const dead = memory.workflows.run('w', async wf => {
      await wf.step('a', () => 'by the dead')
      reached.resolve()
      await wf.waitFor('never')
    })
    const lost = expect(dead).rejects.toMatchObject({ code: 'stale_token' })
    await reached.promise
    const code = async (wf: WorkflowContext) => [
      await wf.step('a', () => 'again'),
      await wf.step('b', () => 1),
    ]
    const stop = serving(memory, { default: { run: code } })
    await memory.workflows.run('other', () => 1)
    expect(await status(memory, 'w')).toBe('open')
    clock.advance(30_001)
    expect(await ended(memory, 'w')).toMatchObject({ result: ['by the dead', 1] })
    await memory.workflows.signal('w', 'never')
    await lost
    await stop()
  })

  it('a run that the store refuses for does not keep the others from going on', async () => {
    const memory = await open()
    await memory.execute("insert into workflow_state (id, workflow_type, state) values ('first', 'x', '{}')")
    await memory.execute(`insert into hivewax_workflow_steps (workflow_id, step, result, completed_at)
      values ('first', 'bad', '1', '2026-01-01')`)
    await memory.execute("create unique index refuse on hivewax_workflow_steps (step) where step = 'bad'")
    const lost: unknown[] = []
    const code = { w: { run: (wf: WorkflowContext) => wf.step(String(wf.input), () => 1) } }
    const stop = serving(memory, code, { concurrency: 2, onError: (_, id) => lost.push(id) })
    for (const [i, input] of ['bad', 'good', 'bad', 'good', 'good'].entries())
      await memory.workflows.start('w', { id: `w${i}`, input })
    // Those refused keep their places only until they are lost; their leases have not lapsed yet.
    for (const id of ['w1', 'w3', 'w4'])
      expect(await ended(memory, id)).toMatchObject({ status: 'completed' })
    for (const id of ['w0', 'w2']) expect(await status(memory, id)).toBe('open')
    await until(
      async () => lost.length,
      length => length >= 2,
    )
    await stop()
    expect(lost.sort()).toEqual(['w0', 'w2'])
  })
})
