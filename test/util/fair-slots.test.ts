import { expect, it } from 'vitest'
import { FairSlots } from '../../src/util/fair-slots.ts'

/** What has happened, when everything has that can without a slot coming back. */
const settled = () => new Promise<void>(resolve => setImmediate(resolve))

it('gives a caller no more than its share, and lets callers that wait take turns', async () => {
  const slots = new FairSlots({ all: 3, each: 2 })
  const order: string[] = []
  const release: Record<string, () => void> = {}
  const ask = (name: string) => {
    const [caller = ''] = name
    slots.take(caller).then(done => {
      order.push(name)
      release[name] = done
    })
  }
  for (const name of ['a1', 'a2', 'a3', 'a4', 'a5', 'b0']) ask(name)
  await settled()
  release.b0?.()
  await settled()
  expect(order.splice(0)).toEqual(['a1', 'a2', 'b0'])
  for (const name of ['b1', 'b2', 'c1']) ask(name)
  await settled()
  expect(order).toEqual(['b1'])
  expect(slots.taken).toBe(3)
  for (const name of ['a1', 'a2', 'b1', 'a3', 'b2', 'c1', 'a4', 'a5']) {
    release[name]?.()
    await settled()
  }
  expect(order).toEqual(['b1', 'a3', 'b2', 'c1', 'a4', 'a5'])
  expect(slots.taken).toBe(0)
})

it('forgets who leaves while it waits', async () => {
  const slots = new FairSlots({ all: 1, each: 1 })
  const release = await slots.take('a')
  const leaves = new AbortController()
  const left = slots.take('b', leaves.signal)
  const next = slots.take('b')
  leaves.abort(new Error('left'))
  await expect(left).rejects.toThrow('left')
  await expect(slots.take('b', leaves.signal)).rejects.toThrow('left')
  release()
  const last = await next
  last()
  expect(slots.taken).toBe(0)
})
