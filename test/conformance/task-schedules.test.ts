import { expect, it } from 'vitest'
import type { Memory } from '../../src/memory.ts'
import { TestClock } from '../support/clock.ts'
import { conform } from './conform.ts'

const hourMs = 3_600_000

const claimed = async (memory: Memory) =>
  (await memory.tasks.claim({ agentId: 'w', limit: 100 })).map(task => task.description)

/** Tasks that come again and again. The test clock begins on 2 January 2026, 03:04:05.678 UTC. */
conform('task schedules', open => {
  it('creates a task whenever its expression says so, by whoever looks for work then', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    const schedule = await memory.tasks.schedule({
      id: 'report',
      cron: '30 * * * *',
      overlap: 'allow',
      task: { description: 'report', priority: 'high', queue: 'reports', payload: { format: 'pdf' } },
    })
    expect(schedule).toMatchObject({
      id: 'report',
      nextAt: new Date('2026-01-02T03:30:00Z'),
      lastAt: undefined,
    })
    expect(await claimed(memory)).toEqual([])
    clock.advance(hourMs)
    const [task] = await memory.tasks.claim({ agentId: 'w' })
    expect(task).toMatchObject({
      description: 'report',
      priority: 'high',
      queue: 'reports',
      payload: { format: 'pdf' },
    })
    expect(await claimed(memory)).toEqual([])
    expect((await memory.tasks.schedules()).items).toEqual([
      {
        ...schedule,
        lastAt: new Date('2026-01-02T03:30:00Z'),
        nextAt: new Date('2026-01-02T04:30:00Z'),
        lastTaskId: task!.id,
      },
    ])
  })

  it('creates once what was due many times while nobody looked, and keeps to the grid of an interval', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    const start = clock.now()
    await memory.tasks.schedule({
      id: 'pulse',
      everyMs: 60_000,
      overlap: 'allow',
      task: { description: 'pulse' },
    })
    clock.advance(10 * 60_000 + 5_000)
    expect(await claimed(memory)).toEqual(['pulse'])
    expect((await memory.tasks.schedules()).items[0]).toMatchObject({ nextAt: new Date(start + 11 * 60_000) })
  })

  it('skips a turn while the last task has not ended, unless overlaps are allowed', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    await memory.tasks.schedule({ id: 's', everyMs: 1_000, task: { description: 'slow' } })
    clock.advance(1_000)
    const [task] = await memory.tasks.claim({ agentId: 'w', leaseMs: hourMs })
    clock.advance(1_000)
    expect(await claimed(memory)).toEqual([])
    await memory.tasks.complete(task!)
    clock.advance(1_000)
    expect(await claimed(memory)).toEqual(['slow'])
  })

  it('follows the time zone of an expression', async () => {
    const memory = await open({ clock: new TestClock() })
    const at = { id: 's', cron: '0 9 * * *', task: { description: 'x' } }
    expect(await memory.tasks.schedule(at)).toMatchObject({ nextAt: new Date('2026-01-02T09:00:00Z') })
    expect(await memory.tasks.schedule({ ...at, timezone: 'America/New_York' })).toMatchObject({
      nextAt: new Date('2026-01-02T14:00:00Z'),
    })
  })

  it('ends with the last time of an expression, and with its deletion', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    await memory.tasks.schedule({ id: 'never', cron: '0 0 31 2 *', task: { description: 'x' } })
    await memory.tasks.schedule({ id: 'gone', everyMs: 1_000, task: { description: 'x' } })
    expect((await memory.tasks.schedules()).items.map(({ id, nextAt }) => [id, nextAt])).toEqual([
      ['gone', new Date(clock.now() + 1_000)],
      ['never', undefined],
    ])
    expect(await memory.tasks.unschedule('gone')).toBe(true)
    expect(await memory.tasks.unschedule('gone')).toBe(false)
    clock.advance(2_000)
    expect(await claimed(memory)).toEqual([])
  })

  it('stays due when it was, if it is scheduled anew with the same timing', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    const again = (everyMs: number, description: string) =>
      memory.tasks.schedule({ id: 's', everyMs, task: { description } })
    const { nextAt } = await again(60_000, 'first')
    clock.advance(40_000)
    expect(await again(60_000, 'second')).toMatchObject({ nextAt })
    clock.advance(40_000)
    expect(await again(60_000, 'third')).toMatchObject({ nextAt })
    expect(await claimed(memory)).toEqual(['third'])
    expect(await again(30_000, 'x')).toMatchObject({ nextAt: new Date(clock.now() + 30_000) })
  })

  it('keeps to times that can be written down, however long its interval', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    for (const everyMs of [Number.MAX_SAFE_INTEGER, 2.6e14])
      expect(await memory.tasks.schedule({ id: 's', everyMs, task: { description: 'x' } })).toMatchObject({
        nextAt: new Date('9999-12-31T23:59:59.999Z'),
      })
    expect(await claimed(memory)).toEqual([])
  })

  it('creates a task that is larger than the handle that looks for work would take', async () => {
    const clock = new TestClock()
    const memory = await open({ clock, maxValueBytes: 100 })
    await memory.tasks.schedule({ id: 's', everyMs: 1_000, task: { description: 'x' } })
    const task = JSON.stringify({ description: 'large', payload: 'x'.repeat(200) })
    await memory.execute(`update hivewax_task_schedules set task = '${task}'`)
    clock.advance(1_000)
    expect(await claimed(memory)).toEqual(['large'])
  })

  it('ends a schedule that makes no sense any more, and says so, instead of keeping all from claiming', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    await memory.tasks.schedule({ id: 's', cron: '* * * * *', task: { description: 'x' } })
    await memory.execute("update hivewax_task_schedules set timezone = 'Mars/Olympus'")
    await memory.tasks.create({ description: 'other' })
    clock.advance(hourMs)
    expect(await claimed(memory)).toEqual(['other'])
    expect((await memory.tasks.schedules()).items[0]).toMatchObject({
      nextAt: undefined,
      lastTaskId: undefined,
    })
    expect((await memory.events.list({ types: ['schedule.stopped'] })).items).toMatchObject([
      { data: { scheduleId: 's', error: { name: 'InvalidInput' } } },
    ])
  })

  it('refuses what is no schedule, saying what and why', async () => {
    const memory = await open()
    const task = { description: 'x' }
    const refused = (schedule: object) =>
      expect(memory.tasks.schedule({ id: 's', task, ...schedule })).rejects.toMatchObject({
        code: 'invalid_input',
      })
    await refused({})
    await refused({ cron: '* * * * *', everyMs: 1_000 })
    await refused({ cron: 'tomorrow' })
    await refused({ cron: '99 * * * *' })
    await refused({ cron: '* * * * *', timezone: 'Mars/Olympus' })
    await refused({ everyMs: 1_000, timezone: 'UTC' })
    await refused({ everyMs: 10 })
    await refused({ everyMs: 1_000, task: { description: '' } })
    for (const field of [
      { id: 't' },
      { dependencies: ['a'] },
      { runAt: new Date() },
      { delayMs: 1 },
      { idempotencyKey: 'k' },
    ])
      await refused({ everyMs: 1_000, task: { ...task, ...field } })
    await refused({ everyMs: 1_000, overlap: 'perhaps' })
    await expect(memory.tasks.schedule({ id: 's', cron: 'tomorrow', task })).rejects.toThrow(
      '"tomorrow" is no schedule',
    )
  })
})
