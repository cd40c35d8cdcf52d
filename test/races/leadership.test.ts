import { describe, expect, it } from 'vitest'
import type { Memory } from '../../src/memory.ts'
import { type Child, startChild } from '../support/child.ts'
import { engines } from '../support/engines.ts'
import { take } from '../support/take.ts'

const candidates = ['a', 'b', 'c', 'd']
const writesEach = 16
const stopsEach = 1

describe.each(engines)('$name', ({ empty, open }) => {
  it('accepts nothing from leaders that were stopped past their lease, or killed, and always finds another', async () => {
    const location = await empty()
    const memory = await open({ durability: 'normal' }, location)
    const victim = startChild('lead', location, 'victim', 1_000_000, 0)
    const first = await victim.until(line => line.includes('wrote'))
    victim.process.kill('SIGKILL')
    const children = candidates.map(name => startChild('lead', location, name, writesEach, stopsEach))
    await Promise.all(children.map(child => wakeAfterOthersLed(child, children, memory)))
    expect(await Promise.all(children.map(child => child.exited))).toEqual(candidates.map(() => 0))

    const lines = [...children, victim].map(child => child.lines.map(line => JSON.parse(line)))
    const printed = (what: string) => lines.flatMap(own => own.flatMap(line => line[what] ?? []))
    const terms = printed('elected').sort((a, b) => a - b)
    expect(terms).toEqual(Array.from(terms, (_, i) => i + 1))
    expect(JSON.parse(first)).toEqual({ wrote: 1 })
    expect(printed('refused').length).toBeGreaterThan(0)

    const { version: total = 0 } = (await memory.shared.get('ledger')) ?? {}
    const changes = (await take(memory.shared.watch('ledger', { since: 0 }), total)).flatMap(r => r.changes)
    const accepted = changes.map(({ value }) => value as { by: string; term: number })
    expect(accepted.map(({ term }) => term)).toEqual(accepted.map(({ term }) => term).sort((a, b) => a - b))
    for (const [i, by] of candidates.entries()) {
      const own = accepted.filter(write => write.by === by).map(({ term }) => term)
      expect(own).toEqual(lines[i]?.flatMap(line => line.wrote ?? []))
      expect(own).toHaveLength(writesEach)
    }
  })
})

/** Lets a child that stopped itself go on when another leads, or when no other is left that could. */
async function wakeAfterOthersLed(child: Child, all: readonly Child[], memory: Memory): Promise<void> {
  const othersEnded = Promise.all(all.filter(other => other !== child).map(other => other.exited))
  for (let stop = 0; stop < stopsEach; stop++) {
    const stopping = (line: string) => child.lines.filter(l => l.includes('stopping')).indexOf(line) === stop
    const { stopping: term } = JSON.parse(await child.until(stopping))
    const done = new AbortController()
    await Promise.race([succeeded(memory, term, done.signal), othersEnded])
    done.abort()
    child.process.kill('SIGCONT')
  }
}

async function succeeded(memory: Memory, term: number, signal: AbortSignal): Promise<void> {
  for await (const leader of memory.locks.observe('chief', { signal })) {
    if (leader !== undefined && leader.term > term) return
  }
}
