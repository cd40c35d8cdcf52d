import { describe, expect, it } from 'vitest'
import { type Child, startChild } from '../support/child.ts'
import { engines, type TestEngine } from '../support/engines.ts'
import { findViolation, type Operation, type Violation } from '../support/linearizability.ts'
import {
  type Kind,
  type RegisterCall,
  type RegisterOutcome,
  type RegisterState,
  registerOf,
  type Versioned,
} from '../support/register.ts'
import { seedOfRun } from '../support/rounds.ts'

type Call = Operation<RegisterCall, RegisterOutcome>

/** What processes on one store did, by key, as they noted it by the monotonic clock of the machine. */
async function record(
  { empty, open }: TestEngine,
  processes: number,
  calls: number,
  mode: string,
): Promise<Map<string, Call[]>> {
  const seed = seedOfRun() + calls
  const location = await empty()
  await open({}, location)
  const start = (_: unknown, i: number) => startChild('register', location, `p${i}`, seed + i, calls, mode)
  const children = Array.from({ length: processes }, start)
  await Promise.all(children.map(child => child.until(line => line === 'ready')))
  for (const child of children) child.process.stdin?.write('go\n')
  expect(await Promise.all(children.map(child => child.exited))).toEqual(children.map(() => 0))
  const all = children.flatMap(read)
  console.info(`${mode}: ${all.length} calls, at most ${overlap(all.map(([, op]) => op))} at once`)
  const byTarget = Map.groupBy(all, ([target]) => target)
  return new Map([...byTarget].map(([target, calls]) => [target, calls.map(([, call]) => call)]))
}

function read(child: Child): [string, Call][] {
  return child.lines.slice(1).map(line => {
    const { target, startNs, endNs, ...rest } = JSON.parse(line)
    return [target, { ...rest, startNs: BigInt(startNs), endNs: BigInt(endNs) }]
  })
}

/** The most calls that were under way at one moment. */
function overlap(calls: readonly Call[]): number {
  const steps = calls.flatMap(({ startNs, endNs }) => [
    { at: startNs, by: 1 },
    { at: endNs, by: -1 },
  ])
  let now = 0
  return Math.max(...steps.sort((a, b) => Number(a.at - b.at)).map(({ by }) => (now += by)))
}

function violations(
  histories: Map<string, Call[]>,
): Violation<RegisterState, RegisterCall, RegisterOutcome>[] {
  return [...histories].flatMap(([target, history]) => {
    const violation = findViolation(history, registerOf(target.split('/')[0] as Kind))
    return violation === undefined ? [] : [violation]
  })
}

/**
 * Whether processes that do wrong are found out, in one of some runs, each longer than the one before: now and then
 * they are scheduled one after the other, and then nothing wrong comes of it.
 */
async function isCaught(engine: TestEngine, calls: number, mode: string): Promise<boolean> {
  for (let run = 1; run <= 10; run++) {
    if (violations(await record(engine, 6, run * calls, mode)).length > 0) return true
  }
  return false
}

describe.each(engines)('processes on one store of $name', engine => {
  it('see one linearizable object per key, 16 of them at once', async () => {
    const histories = await record(engine, 16, 100, 'honest')
    expect(histories.size).toBe(4)
    expect(violations(histories)).toEqual([])
  }, 300_000)

  it('would be caught reading from a stale cache', async () => {
    expect(await isCaught(engine, 80, 'stale')).toBe(true)
  }, 300_000)

  it('would be caught comparing and setting in two steps', async () => {
    expect(await isCaught(engine, 160, 'two-steps')).toBe(true)
  }, 300_000)
})

describe('the checker', () => {
  const set = (value: string, version: number): [RegisterCall, RegisterOutcome] => [
    { do: 'set', value },
    { version },
  ]
  const cas = (value: string, expected: number, version: number): [RegisterCall, RegisterOutcome] => [
    { do: 'compare-and-set', value, expected },
    { version },
  ]
  const conflict = (expected: number, found: Versioned): [RegisterCall, RegisterOutcome] => [
    { do: 'compare-and-set', value: 'x', expected },
    { conflict: found },
  ]
  const get = (found: Versioned): [RegisterCall, RegisterOutcome] => [{ do: 'get' }, { found }]
  const del = (deleted: boolean): [RegisterCall, RegisterOutcome] => [{ do: 'delete' }, { deleted }]
  const at = (
    start: number,
    end: number,
    [input, output]: [RegisterCall, RegisterOutcome],
    process = `p${start}`,
  ): Call => ({ process, input, output, startNs: BigInt(start), endNs: BigInt(end) })
  const check = (...history: Call[]) => findViolation(history, registerOf('shared'))
  const a1 = { value: 'a', version: 1 }
  const b2 = { value: 'b', version: 2 }

  it('accepts calls in a row that follow from each other', () => {
    const history = [at(0, 1, get(null)), at(2, 3, cas('a', 0, 1)), at(4, 5, get(a1)), at(6, 7, del(true))]
    expect(check(...history, at(8, 9, del(false)), at(10, 11, set('c', 3)))).toBeUndefined()
  })

  it('finds an order for calls that overlap, whichever ended first', () => {
    expect(check(at(0, 9, set('a', 1)), at(1, 2, get(a1)), at(3, 4, get(a1)))).toBeUndefined()
    expect(check(at(0, 9, set('a', 1)), at(1, 2, get(null)), at(3, 4, get(a1)))).toBeUndefined()
    expect(check(at(0, 8, set('b', 2)), at(1, 9, set('a', 1)), at(2, 3, get(a1)))).toBeUndefined()
    expect(check(at(0, 5, set('a', 1)), at(5, 6, get(null)))).toBeUndefined()
  })

  it('refuses a read of what was overwritten before it began', () => {
    const history = [at(0, 1, set('a', 1)), at(2, 3, set('b', 2)), at(4, 5, get(a1))]
    expect(check(...history)).toEqual({ operation: history[2], states: [b2] })
  })

  it('refuses reads that go back in time, though each alone could be', () => {
    expect(check(at(0, 9, set('a', 1)), at(1, 2, get(a1)), at(3, 4, get(null)))).toMatchObject({
      operation: { process: 'p3' },
    })
  })

  it('refuses a read of what nobody wrote, and a write that is lost', () => {
    expect(check(at(0, 1, get(a1)))).toBeDefined()
    expect(check(at(0, 1, set('a', 1)), at(2, 3, get(null)))).toBeDefined()
  })

  it('refuses two winners of one comparison, and a version that is used twice or skipped', () => {
    expect(check(at(0, 5, cas('a', 0, 1)), at(1, 6, cas('b', 0, 1)))).toBeDefined()
    expect(check(at(0, 5, cas('a', 0, 1)), at(1, 6, cas('b', 0, 2)))).toBeDefined()
    expect(check(at(0, 5, set('a', 1)), at(1, 6, set('b', 1)))).toBeDefined()
    expect(check(at(0, 5, set('a', 1)), at(1, 6, set('b', 3)))).toBeDefined()
  })

  it('refuses a conflict where there was none, or with something else than there was', () => {
    expect(check(at(0, 1, set('a', 1)), at(2, 3, conflict(2, a1)))).toBeUndefined()
    expect(check(at(0, 1, set('a', 1)), at(2, 3, conflict(1, a1)))).toBeDefined()
    expect(check(at(0, 1, set('a', 1)), at(2, 3, conflict(2, null)))).toBeDefined()
  })

  it('decides on many calls at once that fit in one order only', () => {
    const sets = Array.from({ length: 14 }, (_, i) => at(i, 100 - i, set(`v${i}`, 14 - i)))
    expect(check(...sets)).toBeUndefined()
    expect(check(...sets, at(101, 102, get({ value: 'v0', version: 14 })))).toBeUndefined()
    expect(check(...sets, at(101, 102, get({ value: 'v1', version: 13 })))).toBeDefined()
  })
})
