import { expect, it } from 'vitest'
import { Semaphore } from '../../src/util/semaphore.ts'

/** Work that ends when the test says so, with a log of what has begun. */
function work() {
  const begun: string[] = []
  const ends = new Map<string, { resolve: () => void; reject: (error: Error) => void }>()
  const start = (name: string) => () => {
    begun.push(name)
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    ends.set(name, { resolve, reject })
    return promise
  }
  return { begun, start, end: (name: string) => ends.get(name)!.resolve(), ends }
}

it('begins at once what has a permit, and the rest in the order of the calls', async () => {
  const { begun, start, end } = work()
  const semaphore = new Semaphore(2)
  const runs = ['a', 'b', 'c', 'd'].map(name => semaphore.run(start(name)))
  expect(begun).toEqual(['a', 'b'])
  end('b')
  await runs[1]
  expect(begun).toEqual(['a', 'b', 'c'])
  end('c')
  await runs[2]
  expect(begun).toEqual(['a', 'b', 'c', 'd'])
})

it('lets no later call overtake one that waits', async () => {
  const { begun, start, end } = work()
  const semaphore = new Semaphore(1)
  const first = semaphore.run(start('first'))
  const second = semaphore.run(start('second'))
  end('first')
  const late = first.then(() => semaphore.run(start('late')))
  await first
  expect(begun).toEqual(['first', 'second'])
  end('second')
  await second
  await Promise.resolve()
  end('late')
  await late
  expect(begun).toEqual(['first', 'second', 'late'])
})

it('passes an error on, and the permit to the next', async () => {
  const semaphore = new Semaphore(1)
  const failed = semaphore.run(() => Promise.reject(new Error('refused')))
  const thrown = semaphore.run(() => {
    throw new Error('thrown')
  })
  await expect(failed).rejects.toThrow('refused')
  await expect(thrown).rejects.toThrow('thrown')
  expect(await semaphore.run(() => 'done')).toBe('done')
  expect(semaphore.isIdle).toBe(true)
})

it('counts the permits that are free: one that is handed over never is', async () => {
  const semaphore = new Semaphore(2)
  await semaphore.acquire()
  expect(semaphore.free).toBe(1)
  await semaphore.acquire()
  const waiting = semaphore.acquire()
  semaphore.release()
  expect(semaphore.free).toBe(0)
  await waiting
  semaphore.release()
  semaphore.release()
  expect(semaphore.free).toBe(2)
})

it('is idle for all who wait for that when the last permit is back, those queued meanwhile included', async () => {
  const { start, end } = work()
  const semaphore = new Semaphore(1)
  await semaphore.idle()
  const log: string[] = []
  const runs = [semaphore.run(start('a')), semaphore.run(start('b'))]
  const idle = [1, 2].map(i => semaphore.idle().then(() => log.push(`idle ${i}`)))
  end('a')
  await runs[0]
  log.push('a ended')
  end('b')
  await Promise.all([...runs, ...idle])
  expect(log).toEqual(['a ended', 'idle 1', 'idle 2'])
})
