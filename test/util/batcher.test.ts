import { AsyncLocalStorage } from 'node:async_hooks'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { Busy } from '../../src/errors.ts'
import { Batcher, type BatcherOptions } from '../../src/util/batcher.ts'
import { Semaphore } from '../../src/util/semaphore.ts'

/** A batcher of numbers that doubles them, and the batches it has begun; a batch ends when the test says so. */
function doubling(options: Partial<BatcherOptions<number, number>> = {}) {
  const batches: number[][] = []
  const ends: (() => void)[] = []
  const batcher = new Batcher<number, number>({
    run: async items => {
      batches.push(items)
      await new Promise<void>(resolve => ends.push(resolve))
      return items.map(item => item * 2)
    },
    ...options,
  })
  return { batcher, batches, end: (i: number) => ends[i]!() }
}

/** Resolves when everything that only waits for turns of the event loop has had them. */
async function turns() {
  for (let i = 0; i < 5; i++) await nextTurn()
}

const range = (length: number) => Array.from({ length }, (_, i) => i)

it('does together what is asked for in one turn, and tells each caller of its own', async () => {
  const { batcher, batches, end } = doubling()
  const results = Promise.all([1, 2, 3].map(item => batcher.add(item)))
  await turns()
  expect(batches).toEqual([[1, 2, 3]])
  end(0)
  expect(await results).toEqual([2, 4, 6])
})

it('gathers what is asked for while a batch is under way, and keeps the order of the calls', async () => {
  const { batcher, batches, end } = doubling({ maxWeight: 3 })
  const results = [batcher.add(0)]
  await turns()
  for (const item of [1, 2, 3, 4, 5]) results.push(batcher.add(item))
  await turns()
  expect(batches).toEqual([[0]])
  for (const i of [0, 1, 2]) {
    end(i)
    await turns()
  }
  expect(batches).toEqual([[0], [1, 2, 3], [4, 5]])
  expect(await Promise.all(results)).toEqual([0, 2, 4, 6, 8, 10])
})

it('takes no more into a batch than may weigh together, but one item of any weight', async () => {
  const batches: number[][] = []
  const batcher = new Batcher<number, number>({
    run: async items => {
      batches.push(items)
      return items
    },
    weigh: item => item,
    maxWeight: 10,
  })
  await Promise.all([4, 6, 1, 25, 3].map(item => batcher.add(item)))
  expect(batches).toEqual([[4, 6], [1], [25], [3]])
})

it('rejects the caller whose result is an error, and no other', async () => {
  const batcher = new Batcher<number, number>({
    run: async items => items.map(item => (item === 2 ? new Error('two') : item)),
  })
  const outcomes = await Promise.allSettled([1, 2, 3].map(item => batcher.add(item)))
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
})

it('tries alone, in their order, what fails together, and rejects the one that fails alone', async () => {
  const batches: number[][] = []
  const batcher = new Batcher<number, number>({
    run: async items => {
      batches.push(items)
      if (items.includes(2)) throw new Error('two')
      return items
    },
  })
  const outcomes = await Promise.allSettled([1, 2, 3].map(item => batcher.add(item)))
  expect(batches).toEqual([[1, 2, 3], [1], [2], [3]])
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  expect(await batcher.add(4)).toBe(4)
})

it('rejects all of a batch that met Busy, and tries none of them again', async () => {
  let runs = 0
  const batcher = new Batcher<number, number>({
    run: async () => {
      runs++
      throw new Busy('away')
    },
  })
  const outcomes = await Promise.allSettled([1, 2, 3].map(item => batcher.add(item)))
  expect(outcomes.map(({ status }) => status)).toEqual(Array(3).fill('rejected'))
  expect(runs).toBe(1)
})

it('begins a batch while others are under way where all may overlap', async () => {
  const { batcher, batches, end } = doubling({ overlap: {}, gather: () => Promise.resolve() })
  const results = [batcher.add(1), batcher.add(2)]
  await Promise.resolve()
  expect(batches).toEqual([[1, 2]])
  results.push(batcher.add(3))
  await turns()
  expect(batches).toEqual([[1, 2], [3]])
  end(1)
  expect(await results[2]).toBe(6)
  end(0)
  expect(await Promise.all(results)).toEqual([2, 4, 6])
})

it('shares what waits among the permits that are free, of which small batches take none', async () => {
  const permits = new Semaphore(2)
  const { batcher, batches, end } = doubling({ overlap: { permits, minWeight: 10 } })
  const small = batcher.add(0)
  await turns()
  expect(permits.free).toBe(2)
  const large = range(40).map(item => batcher.add(item))
  await turns()
  expect(batches.map(batch => batch.length)).toEqual([1])
  end(0)
  await turns()
  // Half of them for each of two permits; what is left after that waits for the first permit to come back.
  expect(batches.map(batch => batch.length)).toEqual([1, 20, 20])
  expect(permits.free).toBe(0)
  const more = range(15).map(item => batcher.add(item))
  await turns()
  expect(batches).toHaveLength(3)
  end(2)
  await turns()
  expect(batches.map(batch => batch.length)).toEqual([1, 20, 20, 15])
  for (const i of [1, 3]) end(i)
  await Promise.all([small, ...large, ...more])
  expect(permits.free).toBe(2)
})

it('holds a permit in common with other batchers', async () => {
  const permits = new Semaphore(1)
  const one = doubling({ overlap: { permits, minWeight: 2 } })
  const other = doubling({ overlap: { permits, minWeight: 2 } })
  const first = [1, 2].map(item => one.batcher.add(item))
  const second = [3, 4].map(item => other.batcher.add(item))
  await turns()
  expect({ one: one.batches, other: other.batches }).toEqual({ one: [[1, 2]], other: [] })
  one.end(0)
  await turns()
  expect(other.batches).toEqual([[3, 4]])
  other.end(0)
  await Promise.all([...first, ...second])
})

it('runs a batch in the asynchronous context of no caller', async () => {
  const context = new AsyncLocalStorage<string>()
  const seen: unknown[] = []
  const batcher = new Batcher<number, number>({
    run: async items => {
      seen.push(context.getStore())
      return items
    },
  })
  await context.run('of a caller', () => batcher.add(1))
  expect(seen).toEqual([undefined])
})
