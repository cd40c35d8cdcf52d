import { expect, it } from 'vitest'
import type { WorkflowContext } from '../../src/workflows/workflow-context.ts'
import { TestClock } from '../support/clock.ts'
import { scratchFile } from '../support/memory.ts'
import { until } from '../support/remote.ts'
import { ended, serving, suspended } from '../support/workflows.ts'
import { conform } from './conform.ts'

const hour = 3_600_000

conform('workflow timers', open => {
  it('sleeps until the time that was kept when the sleep began, in whichever process', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    const log: string[] = []
    const code = {
      w: {
        run: async (wf: WorkflowContext) => {
          log.push('begin')
          await wf.step('a', () => void log.push('a'))
          await wf.sleep('cool down', '1h')
          await wf.step('b', () => void log.push('b'))
        },
      },
    }
    await memory.workflows.start('w', { id: 'w' })
    const stop = serving(memory, code)
    expect(await suspended(memory, 'w')).toMatchObject({ wakeAt: new Date(clock.now() + hour), waitsFor: [] })
    await stop()
    clock.advance(hour / 2)
    const stopAgain = serving(memory, code)
    await memory.workflows.start('w', { id: 'v' })
    await suspended(memory, 'v')
    expect(log).toEqual(['begin', 'a', 'begin', 'a'])
    clock.reboot()
    clock.setWall(clock.now() + hour / 2)
    expect(await ended(memory, 'w')).toMatchObject({ status: 'completed' })
    expect(log.slice(4)).toEqual(['begin', 'b'])
    expect(await memory.workflows.getStep('w', 'cool down')).toMatchObject({ kind: 'sleep', result: null })
    expect((await memory.workflows.getRun('v'))?.status).toBe('open')
    await stopAgain()
  })

  it('sleeps until a Date, and takes over a sleep from a process that died in it', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    const at = new Date(clock.now() + 10 * hour)
    const stop = new AbortController()
    const first = memory.workflows.run('w', wf => wf.sleep('until', at), { signal: stop.signal })
    const timers = () => memory.query('select due_at from hivewax_workflow_timers')
    await until(timers, rows => rows.length > 0)
    stop.abort(new Error('shutdown'))
    await expect(first).rejects.toThrow('shutdown')
    expect(await memory.workflows.getRun('w')).toMatchObject({ status: 'open', owner: undefined })
    const second = memory.workflows.run('w', async wf => {
      await wf.sleep('until', new Date(clock.now() + 100 * hour))
      return 'woke'
    })
    clock.advance(10 * hour)
    expect(await second).toBe('woke')
    expect(await timers()).toEqual([])
  })

  it('what is ready is ready, though the wall clock is set back; a sleep goes by the clock', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    await memory.workflows.start('w', { id: 'ready' })
    await memory.workflows.start('w', { id: 'signalled', input: 'go' })
    const code = { w: { run: (wf: WorkflowContext) => (wf.input === 'go' ? wf.waitFor('go') : 'done') } }
    const stop = serving(memory, code)
    await suspended(memory, 'signalled')
    await stop()
    await memory.workflows.start('w', { id: 'new' })
    await memory.workflows.signal('signalled', 'go', 1)
    clock.setWall(clock.now() - 24 * hour)
    const stopAgain = serving(memory, code)
    expect(await ended(memory, 'new')).toMatchObject({ result: 'done' })
    expect(await ended(memory, 'signalled')).toMatchObject({ result: 1 })
    await stopAgain()
  })

  it('waits in several branches at once, and is given back only when none of them works', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    const [working, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const code = async (wf: WorkflowContext) =>
      Promise.all([
        wf.sleep('long', '2h').then(() => 'slept'),
        wf.waitFor('a', { timeout: '1h' }).then((a = 'no a') => a),
        wf.waitFor('b'),
        wf.step('work', async () => {
          working.resolve()
          await goOn.promise
          return 'worked'
        }),
      ])
    await memory.workflows.start('w', { id: 'w' })
    const stop = serving(memory, { w: { run: code } })
    await working.promise
    await new Promise(resolve => setTimeout(resolve, 100))
    expect((await memory.workflows.getRun('w'))?.owner).toBeDefined()
    goOn.resolve()
    expect(await suspended(memory, 'w')).toMatchObject({
      wakeAt: new Date(clock.now() + hour),
      waitsFor: ['a', 'b'],
    })
    await memory.workflows.signal('w', 'b', 'B')
    clock.setWall(clock.now() + hour)
    await until(
      () => memory.workflows.getRun('w'),
      run => run?.wakeAt?.getTime() === clock.now() + hour,
    )
    clock.setWall(clock.now() + hour)
    expect(await ended(memory, 'w')).toMatchObject({ result: ['slept', 'no a', 'B', 'worked'] })
    expect(await stop()).toEqual([])
  })

  it('gives runs back when it is stopped, once their steps are done, and another goes on', async () => {
    const memory = await open()
    const [reached, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const ran: string[] = []
    const code = (who: string) => ({
      w: {
        run: async (wf: WorkflowContext) => {
          await wf.step('a', async () => {
            ran.push(`a by ${who}`)
            reached.resolve()
            await goOn.promise
          })
          await wf.step('b', () => void ran.push(`b by ${who}`))
        },
      },
    })
    await memory.workflows.start('w', { id: 'w' })
    const stop = serving(memory, code('first'))
    await reached.promise
    const stopped = stop()
    goOn.resolve()
    expect(await stopped).toEqual([])
    expect(await memory.workflows.getRun('w')).toMatchObject({ status: 'open', owner: undefined })
    const stopSecond = serving(memory, code('second'))
    expect(await ended(memory, 'w')).toMatchObject({ status: 'completed' })
    expect(ran).toEqual(['a by first', 'b by second'])
    await stopSecond()
  })

  it('forks a run: the same steps up to one, and from there on its own', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    const ran: string[] = []
    const note = <T>(what: string, result: T) => {
      ran.push(what)
      return result
    }
    const code = async (wf: WorkflowContext) => {
      const made = []
      for (const iteration of [0, 1, 2]) {
        made.push(await wf.step('s', () => note(`${wf.id} s ${iteration}`, iteration), { iteration }))
      }
      const answer = await wf.waitFor('answer')
      return { made, answer, end: await wf.step('end', () => note(`${wf.id} end`, wf.version)) }
    }
    await memory.workflows.signal('w', 'answer', 42)
    const result = await memory.workflows.run('w', code, { type: 't', input: 1 })
    ran.length = 0
    const fork = await memory.workflows.fork('w', { newId: 'f', after: 's', iteration: 1, version: '2' })
    expect(fork).toMatchObject({ status: 'open', workflowType: 't', version: '2', input: 1, forkedFrom: 'w' })
    const steps = async (id: string) => (await memory.workflows.steps(id)).items
    expect(await steps('f')).toEqual((await steps('w')).slice(0, 2))
    await memory.workflows.signal('f', 'answer', 43)
    expect(await memory.workflows.run('f', code, { version: '2' })).toEqual({
      made: [0, 1, 2],
      answer: 43,
      end: '2',
    })
    expect(ran).toEqual(['f s 2', 'f end'])
    const whole = await memory.workflows.fork('w')
    expect(await steps(whole.id)).toEqual(await steps('w'))
    expect(await memory.workflows.run(whole.id, code)).toEqual(result)
    expect(ran).toHaveLength(2)
    const again = memory.workflows.fork('w', { newId: 'f' })
    await expect(again).rejects.toMatchObject({ code: 'conflict' })
    const absent = memory.workflows.fork('w', { after: 'absent' })
    await expect(absent).rejects.toMatchObject({ code: 'not_found' })
    await expect(memory.workflows.fork('nothing')).rejects.toMatchObject({ code: 'not_found' })
    expect(await memory.workflows.get('nothing')).toBeUndefined()
  })

  it('cancels a run: who works on it keeps nothing more, and everybody is told', async () => {
    const memory = await open()
    const [reached, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const running = memory.workflows.run('w', wf =>
      wf.step('s', async () => {
        reached.resolve()
        await goOn.promise
      }),
    )
    const lost = expect(running).rejects.toMatchObject({
      code: 'stale_token',
      details: { status: 'cancelled' },
    })
    await reached.promise
    expect(await memory.workflows.cancel('w')).toMatchObject({ status: 'cancelled', owner: undefined })
    expect(await memory.workflows.cancel('w')).toMatchObject({ status: 'cancelled' })
    goOn.resolve()
    await lost
    expect((await memory.workflows.steps('w')).items).toEqual([])
    const again = memory.workflows.run('w', () => 1)
    await expect(again).rejects.toMatchObject({ code: 'conflict', details: { status: 'cancelled' } })
    await memory.workflows.retry('w', { version: '2' })
    expect(await memory.workflows.run('w', () => 'after all', { version: '2' })).toBe('after all')
    expect(await memory.workflows.cancel('w')).toMatchObject({ status: 'completed' })
    const { items } = await memory.events.list()
    const types = items.map(event => event.type).sort()
    expect(types).toEqual(['completed', 'cancelled', 'retried', 'started'].map(t => `workflow.${t}`).sort())
    await expect(memory.workflows.cancel('absent')).rejects.toMatchObject({ code: 'not_found' })
  })

  it('refuses a run of a workflow that was deleted meanwhile, and never gives its token again', async () => {
    const memory = await open()
    const tokens = async () => memory.query('select token from hivewax_workflow_runs')
    const deleted = memory.workflows.run('w', async wf => {
      await memory.workflows.delete('w')
      await wf.step('s', () => 1)
    })
    await expect(deleted).rejects.toMatchObject({ code: 'stale_token' })
    await memory.workflows.run('w', () => 1)
    expect(await tokens()).toEqual([{ token: 2 }])
  })

  it('after a restore a run is free, and who held it before keeps nothing', async () => {
    const memory = await open()
    const [reached, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const before = memory.workflows.run('w', async wf => {
      await wf.step('a', () => 1)
      await wf.step('b', async () => {
        reached.resolve()
        await goOn.promise
      })
    })
    const lost = expect(before).rejects.toMatchObject({ code: 'stale_token' })
    await reached.promise
    const backup = scratchFile('backup.db')
    await memory.backup(backup)
    await memory.restore(backup)
    const after = await memory.workflows.run('w', wf => wf.step('a', () => 'again'))
    goOn.resolve()
    await lost
    expect(after).toBe(1)
    expect((await memory.workflows.steps('w')).items.map(step => step.name)).toEqual(['a'])
  })

  it('lists runs by status and type, the one begun last first, page by page', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    for (const id of ['a', 'b', 'c', 'd']) {
      await memory.workflows.start(id === 'c' ? 'cd' : 'ci', { id })
      clock.advance(1)
    }
    await memory.workflows.cancel('b')
    const seen: string[] = []
    let cursor: string | undefined
    do {
      const page = await memory.workflows.listRuns({ type: 'ci', limit: 2, cursor })
      seen.push(...page.items.map(run => run.id))
      cursor = page.cursor
    } while (cursor !== undefined)
    expect(seen).toEqual(['d', 'b', 'a'])
    const open_ = await memory.workflows.listRuns({ status: 'open' })
    expect(open_.items.map(run => run.id)).toEqual(['d', 'c', 'a'])
  })

  it('begins and signals a workflow in a transaction, and runs none there', async () => {
    const memory = await open()
    const undone = memory.transaction(async tx => {
      await tx.workflows.start('w', { id: 'w' })
      await tx.workflows.signal('w', 'go')
      throw new Error('undo')
    })
    await expect(undone).rejects.toThrow('undo')
    expect(await memory.workflows.get('w')).toBeUndefined()
    expect((await memory.events.list()).items).toEqual([])
    await memory.transaction(async tx => {
      const run = tx.workflows.run('w', () => 1)
      await expect(run).rejects.toMatchObject({ code: 'transaction_misuse' })
      const serve = tx.workflows.serve({ w: { run: () => 1 } })
      await expect(serve).rejects.toMatchObject({ code: 'transaction_misuse' })
    })
  })

  it('ends with the handle: what is served is given back, and a run is refused with Closed', async () => {
    const memory = await open()
    await memory.workflows.start('w', { id: 'w' })
    const reached = Promise.withResolvers<void>()
    const served = memory.workflows.serve({
      w: {
        run: wf => {
          reached.resolve()
          return wf.waitFor('never')
        },
      },
    })
    await reached.promise
    const running = memory.workflows.run('v', wf => wf.waitFor('never'))
    const closed = expect(running).rejects.toMatchObject({ code: 'closed' })
    await new Promise(resolve => setTimeout(resolve, 20))
    await memory.close()
    await served
    await closed
    await expect(memory.workflows.serve({ w: { run: () => 1 } })).rejects.toMatchObject({ code: 'closed' })
  })
})
