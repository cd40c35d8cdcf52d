import fs from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { Memory } from '../../src/memory.ts'
import '../support/on-disk.ts'
import { type Child, startChild, whileStopped } from '../support/child.ts'
import { engines } from '../support/engines.ts'
import { scratchFile } from '../support/memory.ts'
import { until } from '../support/remote.ts'
import { ended } from '../support/workflows.ts'

const steps = 32

/** For processes that are killed or stopped. Live ones have longer, for one that is late may well repeat what it did. */
const leaseMs = 1_000
const liveMs = 60_000

/** The lines of the log of effects: which step, by its key, and what it made. */
function readEffects(file: string): [string, string][] {
  const lines = fs.existsSync(file) ? fs.readFileSync(file, 'utf8').trim().split('\n') : []
  return lines.map(line => line.split(' ') as [string, string])
}

function keptBy(child: Child): string[] {
  return child.lines.filter(line => line.startsWith('kept '))
}

/** Ends the leases of a process that is gone, as the time would that it was given. */
async function lapse(memory: Memory, agentId: string): Promise<void> {
  await memory.execute(`update hivewax_workflow_runs set lease_until = 0 where owner = '${agentId}'`)
}

/** How often in a row a process that worked on the same run has gone before it kept a step, at most. */
async function mostLapses(memory: Memory): Promise<number> {
  const [row] = await memory.query(
    "select max(lapses) as most from hivewax_workflow_runs where status = 'open'",
  )
  return Number(row?.most ?? 0)
}

async function openRuns(memory: Memory): Promise<number> {
  return (await memory.workflows.listRuns({ status: 'open' })).items.length
}

async function allEnded(memory: Memory, ids: string[]): Promise<void> {
  for (const id of ids) expect(await ended(memory, id)).toMatchObject({ status: 'completed' })
}

/** The results of the runs, against what was done and what the processes were told. */
async function judge(memory: Memory, ids: string[], effects: string, children: Child[]) {
  const done = readEffects(effects)
  const told = children.flatMap(keptBy)
  const verdict = { kept: 0, wrong: 0, repeated: 0, runs: 0, again: done.length }
  for (const id of ids) {
    const run = await memory.workflows.getRun(id)
    if (run?.status === 'completed') verdict.runs++
    for (const step of (await memory.workflows.steps(id)).items.filter(({ kind }) => kind === 'step')) {
      const key = `${id}:do:${step.iteration}`
      verdict.again--
      verdict.kept++
      const attempts = done.filter(([at]) => at === key)
      // Had it run after its result was kept, the last attempt would be another than the one that was kept.
      if (attempts.at(-1)?.[1] !== step.result) verdict.repeated++
      if (told.some(line => line.startsWith(`kept ${key} `) && !line.endsWith(` ${step.result}`)))
        verdict.wrong++
    }
  }
  return verdict
}

describe.each(engines)('$name', ({ empty, open }) => {
  it('no step runs again whose result was kept, however often serving processes are killed', async () => {
    const [location, effects] = [await empty(), scratchFile('effects')]
    const memory = await open({}, location)
    const ids = Array.from({ length: 6 }, (_, i) => `w${i}`)
    for (const id of ids) await memory.workflows.start('work', { id })
    await Promise.all(ids.map(id => memory.workflows.signal(id, 'go', id)))
    const children: Child[] = []
    const start = () => {
      const child = startChild('serve-workflows', location, effects, steps, liveMs, `p${children.length}`)
      children.push(child)
      return child
    }
    let [victim, other] = [start(), start()]
    let kills = 0
    while ((await openRuns(memory)) > 0 && kills < 8) {
      const count = 1 + Math.random() * 10
      await Promise.race([victim.until(() => keptBy(victim).length > count), allEnded(memory, ids)])
      // A run fails at the fifth: this is at most the third.
      await until(
        () => mostLapses(memory),
        most => most < 3,
      )
      await sleep(Math.random() * 10)
      victim.process.kill('SIGKILL')
      await victim.exited
      await lapse(memory, `p${kills++}`)
      ;[victim, other] = [other, start()]
    }
    await allEnded(memory, ids)
    for (const child of [victim, other]) {
      await child.until(line => line === 'ready')
      child.process.kill('SIGTERM')
      expect(await child.exited).toBe(0)
    }
    const verdict = await judge(memory, ids, effects, children)
    console.info(`${kills} kills interrupted ${verdict.again} steps before their result was kept`)
    expect(verdict).toMatchObject({ kept: ids.length * steps, wrong: 0, repeated: 0, runs: ids.length })
  }, 240_000)

  it('of three processes that serve the same runs, one completes each, and nothing is done twice', async () => {
    const [location, effects] = [await empty(), scratchFile('effects')]
    const memory = await open({}, location)
    const ids: string[] = []
    const children = [1, 2, 3].map(() => startChild('serve-workflows', location, effects, 6, liveMs))
    await Promise.all(children.map(child => child.until(line => line === 'ready')))
    const busy = () => children.filter(child => child.lines.some(line => line.startsWith('begins ')))
    // There is work until more than one has met some.
    while (ids.length < 30 || busy().length < 2) {
      const { id } = await memory.workflows.start('work', { id: `w${ids.length}` })
      ids.push(id)
      if (ids.length >= 30) await sleep(20)
    }
    await Promise.all(ids.map(id => memory.workflows.signal(id, 'go')))
    await allEnded(memory, ids)
    for (const child of children) child.process.kill('SIGTERM')
    for (const child of children) expect(await child.exited).toBe(0)
    expect(await judge(memory, ids, effects, children)).toMatchObject({
      again: 0,
      repeated: 0,
      wrong: 0,
      runs: ids.length,
    })
    expect(await memory.events.count({ types: ['workflow.completed'] })).toBe(ids.length)
  })

  it('a process stopped past its lease is refused when it wakes up, and changes nothing', async () => {
    const [location, effects] = [await empty(), scratchFile('effects')]
    const memory = await open({ busyTimeoutMs: 300 }, location)
    await memory.workflows.signal('w', 'go')
    await memory.workflows.start('work', { id: 'w' })
    const zombie = startChild('serve-workflows', location, effects, 100, leaseMs)
    await zombie.until(line => line.startsWith('kept w:do:20 '))
    await whileStopped(zombie, () => memory.delete('nothing'))
    const other = startChild('serve-workflows', location, effects, 100, liveMs)
    await other.until(line => line.startsWith('kept w:do:60 '))
    const before = zombie.lines.length
    zombie.process.kill('SIGCONT')
    expect((await ended(memory, 'w')).status).toBe('completed')
    for (const child of [zombie, other]) child.process.kill('SIGTERM')
    await Promise.all([zombie.exited, other.exited])
    const results = new Map<string, string>()
    for (const line of [...zombie.lines.slice(before), ...other.lines].filter(l => l.startsWith('kept '))) {
      const [, key = '', result = ''] = line.split(' ')
      expect(results.get(key) ?? result).toBe(result)
      results.set(key, result)
    }
    const steps = (await memory.workflows.steps('w', { limit: 1_000 })).items.filter(
      ({ kind }) => kind === 'step',
    )
    expect(steps.map(({ iteration, result }) => [`w:do:${iteration}`, result])).toEqual(
      [...results].sort(([a], [b]) => Number(a.split(':')[2]) - Number(b.split(':')[2])),
    )
  })

  it('a run that kills every process that works on it fails, and all others complete', async () => {
    const location = await empty()
    const memory = await open({}, location)
    const others = Array.from({ length: 29 }, (_, i) => `w${i}`)
    const ids = [...others.slice(0, 1), 'poison', ...others.slice(1)]
    for (const id of ids) await memory.workflows.start('work', { id })
    let child = startChild('serve-poison', location, leaseMs)
    let kills = 0
    const over = ended(memory, 'poison')
    for (;;) {
      await Promise.race([child.exited, over])
      if ((await memory.workflows.getRun('poison'))?.status !== 'open') break
      kills++
      child = startChild('serve-poison', location, leaseMs)
    }
    await allEnded(memory, others)
    expect(await over).toMatchObject({ status: 'failed', error: { code: 'deadline' } })
    expect(kills).toBe(5)
    child.process.kill('SIGTERM')
    expect(await child.exited).toBe(0)
  })
})
