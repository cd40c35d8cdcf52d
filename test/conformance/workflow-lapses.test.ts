import { expect, it, vi } from 'vitest'
import type { Memory } from '../../src/memory.ts'
import type { WorkflowContext } from '../../src/workflows/workflow-context.ts'
import { TestClock } from '../support/clock.ts'
import { openScratch } from '../support/memory.ts'
import { until } from '../support/remote.ts'
import { ended, serving } from '../support/workflows.ts'
import { conform } from './conform.ts'

const leaseMs = 30_000

/** A run in the hands of a process that died, which has lapsed so often before. */
async function abandoned(memory: Memory, id: string, lapses: number): Promise<void> {
  await memory.workflows.start('w', { id })
  await memory.execute(
    `update hivewax_workflow_runs set owner = 'the dead', lease_until = 0, lease_epoch = '', lapses = ${lapses}
     where workflow_id = '${id}'`,
  )
}

async function lapsesOf(memory: Memory, id: string): Promise<unknown> {
  const [row] = await memory.query(`select lapses from hivewax_workflow_runs where workflow_id = '${id}'`)
  return row?.lapses
}

conform('workflow lapses', open => {
  it('a run that lapses 5 times in a row fails, says so, and starts anew when it is retried', async () => {
    const memory = await open()
    const ran: string[] = []
    const code = { w: { run: (wf: WorkflowContext) => void ran.push(wf.id) } }
    await abandoned(memory, 'fourth', 3)
    await abandoned(memory, 'fifth', 4)
    const stop = serving(memory, code)
    expect(await ended(memory, 'fourth')).toMatchObject({ status: 'completed' })
    expect(await ended(memory, 'fifth')).toMatchObject({
      status: 'failed',
      error: { name: 'Deadline', code: 'deadline', message: expect.stringContaining('5 times in a row') },
    })
    expect(ran).toEqual(['fourth'])
    const { items } = await memory.events.list({ types: ['workflow.failed'] })
    expect(items.map(event => event.data)).toMatchObject([
      { workflowId: 'fifth', error: { code: 'deadline' } },
    ])
    await memory.workflows.retry('fifth')
    expect(await ended(memory, 'fifth')).toMatchObject({ status: 'completed' })
    expect(await stop()).toEqual([])
  })

  it('whoever runs a workflow that lapsed too often is told the same', async () => {
    const memory = await open()
    await abandoned(memory, 'w', 4)
    const run = () => memory.workflows.run('w', () => 1)
    await expect(run()).rejects.toMatchObject({ code: 'deadline', details: { workflowId: 'w', lapses: 5 } })
    await expect(run()).rejects.toMatchObject({ code: 'conflict', details: { error: { code: 'deadline' } } })
  })

  it('a takeover counts; a step that is kept, and giving the run back, set the count to 0', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    await abandoned(memory, 'w', 0)
    const seen: unknown[] = []
    const look = async () => void seen.push(await lapsesOf(memory, 'w'))
    const [stop, goOn] = [new AbortController(), Promise.withResolvers<void>()]
    const first = memory.workflows.run('w', async wf => {
      await look()
      await wf.step('a', () => 1)
      await look()
      await wf.step('b', look)
      clock.advance(leaseMs + 1)
      await goOn.promise
    })
    const lost = expect(first).rejects.toMatchObject({ code: 'stale_token' })
    await until(
      async () => seen.length,
      length => length === 3,
    )
    const second = memory.workflows.run(
      'w',
      async wf => {
        await look()
        await wf.step('a', () => 2)
        await look()
        stop.abort(new Error('enough'))
        await wf.step('c', () => 1)
      },
      { signal: stop.signal },
    )
    await expect(second).rejects.toThrow('enough')
    await look()
    goOn.resolve()
    await lost
    expect(seen).toEqual([1, 0, 0, 1, 1, 0])
  })

  it('a suspect goes last, and has the process for itself until it keeps a step', async () => {
    const memory = await open()
    const log: string[] = []
    const others = Promise.withResolvers<void>()
    const code = async (wf: WorkflowContext) => {
      if (log.push(`${wf.id} begins`) === 3) others.resolve()
      await wf.step('a', async () => {
        await others.promise
        if (wf.id.startsWith('suspect')) await memory.workflows.start('w', { id: `beside ${wf.id}` })
        await new Promise(resolve => setTimeout(resolve, 30))
        log.push(`${wf.id} keeps`)
      })
      if (wf.id === 'suspect 2') await wf.waitFor('go')
    }
    for (const id of ['suspect 1', 'suspect 2']) await abandoned(memory, id, 2)
    for (const id of ['new 1', 'new 2']) await memory.workflows.start('w', { id })
    await abandoned(memory, 'lapsed once', 0)
    const stop = serving(memory, { w: { run: code } })
    await memory.workflows.signal('suspect 2', 'go')
    for (const id of ['suspect 1', 'beside suspect 1', 'suspect 2', 'beside suspect 2'])
      expect(await ended(memory, id)).toMatchObject({ status: 'completed' })
    expect(await stop()).toEqual([])
    const alone = (id: string) => [`${id} begins`, `${id} keeps`]
    expect(log.slice(0, 3).every(line => line.endsWith('begins'))).toBe(true)
    expect(log.slice(6)).toEqual(
      ['suspect 1', 'beside suspect 1', 'suspect 2', 'beside suspect 2'].flatMap(alone),
    )
  })

  it('closing lets steps under way end, and gives their runs back', async () => {
    const memory = await open()
    const other = await openScratch({}, memory.url)
    const reached = Promise.withResolvers<void>()
    const code = async (wf: WorkflowContext) => {
      await wf.step('a', async () => {
        reached.resolve()
        await new Promise(resolve => setTimeout(resolve, 100))
        await memory.store('from the step', 1)
        return 'done'
      })
      await wf.step('b', () => 1)
    }
    await memory.workflows.start('w', { id: 'w' })
    const served = memory.workflows.serve({ w: { run: code } })
    await reached.promise
    await memory.close()
    await served
    expect((await other.workflows.steps('w')).items).toMatchObject([{ name: 'a', result: 'done' }])
    expect(await other.workflows.getRun('w')).toMatchObject({ status: 'open', owner: undefined })
    expect(await other.retrieve('from the step')).toBe(1)
  })

  it('closing gives back the run of a step that does not end, and aborts its signal', async () => {
    const memory = await open()
    const other = await openScratch({}, memory.url)
    const reached = Promise.withResolvers<AbortSignal>()
    const hanging = (wf: WorkflowContext) =>
      wf.step('a', ({ signal }) => {
        reached.resolve(signal)
        return new Promise<void>(() => {})
      })
    const running = memory.workflows.run('w', hanging)
    const closed = expect(running).rejects.toMatchObject({ code: 'closed' })
    const signal = await reached.promise
    vi.useFakeTimers({ toFake: ['setTimeout'] })
    const closing = memory.close()
    vi.advanceTimersByTime(10_000)
    vi.useRealTimers()
    await closing
    await closed
    expect(signal.reason).toMatchObject({ code: 'closed' })
    expect(await other.workflows.getRun('w')).toMatchObject({ status: 'open', owner: undefined })
    expect(await other.workflows.run('w', wf => wf.step('a', () => 'by another'))).toBe('by another')
  })

  it.each([
    [
      'at once',
      () => {
        throw new Error('from onError')
      },
    ],
    ['later', () => Promise.reject(new Error('from onError'))],
  ])('a listener that throws %s ends neither the work nor the process', async (_, onError) => {
    const memory = await open()
    await memory.workflows.step('other', 'bad', () => 1)
    // No second one is stored, whoever's it is.
    await memory.execute("create unique index refuse on hivewax_workflow_steps (step) where step = 'bad'")
    const warnings: string[] = []
    const listen = (warning: Error) => void warnings.push(warning.message)
    process.on('warning', listen)
    const stop = serving(memory, { w: { run: wf => wf.step(String(wf.input), () => 1) } }, { onError })
    await memory.workflows.start('w', { id: 'bad', input: 'bad' })
    await until(
      async () => warnings,
      seen => seen.length > 1,
    )
    process.off('warning', listen)
    expect(warnings).toEqual([expect.stringContaining('workflow "bad" was interrupted'), 'from onError'])
    await memory.workflows.start('w', { id: 'good', input: 'good' })
    expect(await ended(memory, 'good')).toMatchObject({ status: 'completed' })
    await stop()
  })
})
