import fs from 'node:fs'
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import { expect, it } from 'vitest'
import type { Transaction } from '../../src/transaction.ts'
import { paceBy } from '../support/clock.ts'
import { openScratch, scratchFile } from '../support/memory.ts'

/** A promise and the function that resolves it. */
function signal(): { given: Promise<void>; give: () => void } {
  let give = () => {}
  const given = new Promise<void>(resolve => {
    give = resolve
  })
  return { given, give }
}

it('keeps what was stored just before a sibling transaction that fails', async () => {
  const memory = await openScratch()
  await memory.transaction(async tx => {
    const stored = tx.store('before', 1)
    const failing = tx.transaction(async inner => {
      await inner.store('inner', 1)
      throw new Error('undone')
    })
    await expect(failing).rejects.toThrow('undone')
    await stored
  })
  expect(await memory.retrieve('before')).toBe(1)
  expect(await memory.retrieve('inner')).toBeUndefined()
})

it('lets nothing of a transaction that took too long into the next one', async () => {
  const memory = await openScratch()
  const wait = signal()
  const late: Promise<unknown>[] = []
  const hung = memory.transaction(
    async tx => {
      const inner = tx.transaction(async inside => {
        await wait.given
        await inside.store('inner handle', 1)
      })
      const next = tx.transaction(sibling => sibling.store('sibling', 1))
      late.push(inner, tx.store('waiting statement', 1), next)
      await Promise.all(late)
    },
    { timeoutMs: 20 },
  )
  await expect(hung).rejects.toMatchObject({ code: 'deadline' })
  await memory.transaction(async tx => {
    await tx.store('next', 1)
    wait.give()
    for (const outcome of await Promise.allSettled(late))
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'closed' } })
  })
  expect((await memory.search('*')).map(record => record.key)).toEqual(['next'])
})

it('does not undo a savepoint of the next transaction when one of a hung transaction fails late', async () => {
  const memory = await openScratch()
  const wait = signal()
  let late: Promise<unknown> = Promise.resolve()
  const hung = memory.transaction(
    tx => {
      late = tx.transaction(async () => {
        await wait.given
        throw new Error('late')
      })
      return late
    },
    { timeoutMs: 20 },
  )
  await expect(hung).rejects.toMatchObject({ code: 'deadline' })
  await memory.transaction(tx =>
    tx.transaction(async inner => {
      await inner.store('kept', 1)
      wait.give()
      await expect(late).rejects.toThrow('late')
    }),
  )
  expect(await memory.retrieve('kept')).toBe(1)
})

it('runs a transaction again whose batch was lost by the fault of another write', async () => {
  const memory = await openScratch()
  await memory.execute(
    "create trigger boom before insert on memory_store when new.key = 'boom' begin select raise(rollback, 'boom'); end",
  )
  const many = memory.kv.storeMany([{ key: 'a', value: 1 }])
  const boom = memory.store('boom', 1)
  expect(await many).toBe(1)
  await expect(boom).rejects.toMatchObject({ code: 'conflict' })
  expect(await memory.retrieve('a')).toBe(1)
})

it('refuses to open or close the store inside its own transaction, and can close after it', async () => {
  const memory = await openScratch()
  const misuse = { code: 'transaction_misuse' }
  await memory.transaction(async tx => {
    await expect(openScratch({}, memory.url)).rejects.toMatchObject(misuse)
    await expect(memory.close()).rejects.toMatchObject(misuse)
    await tx.store('k', 1)
  })
  expect(await memory.retrieve('k')).toBe(1)
  await memory.close()
  await memory.close()
})

it('opens a file again only after the writes that its last handle had accepted', async () => {
  const file = scratchFile()
  const first = await openScratch({}, file)
  const wait = signal()
  const slow = first.transaction(async tx => {
    await wait.given
    await tx.store('k', 'first')
  })
  await turn()
  const closing = first.close()
  await turn()
  const opening = openScratch({ busyTimeoutMs: 0 }, file)
  const second = opening.then(memory => memory.store('k', 'second'))
  second.catch(() => {})
  for (let i = 0; i < 100; i++) await turn()
  wait.give()
  await Promise.all([slow, closing, second])
  expect(await (await opening).retrieve('k')).toBe('second')
})

for (const timeoutMs of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31, '50']) {
  it(`refuses a transaction with a timeoutMs of ${timeoutMs}`, async () => {
    const memory = await openScratch()
    const options = { timeoutMs: timeoutMs as number }
    await expect(memory.transaction(async () => {}, options)).rejects.toMatchObject({ code: 'invalid_input' })
  })
}

it('sees at once what execute changed, in whatever words, and even when its answer could not be read', async () => {
  const memory = await openScratch()
  await memory.store('k', 1)
  expect(await memory.retrieve('k')).toBe(1)
  await memory.execute("with x as (select 1) replace into memory_store (key, value) values ('k', '2')")
  expect(await memory.retrieve('k')).toBe(2)
  const unreadable = memory.execute("update memory_store set value = '3' returning 9223372036854775807 as n")
  await expect(unreadable).rejects.toMatchObject({ code: 'invalid_input' })
  expect(await memory.retrieve('k')).toBe(3)
})

it('rejects a read, and goes on living, when the file was overwritten with something else', async () => {
  const memory = await openScratch()
  await memory.store('k', 1)
  for (const end of ['', '-wal', '-shm']) fs.writeFileSync(memory.url + end, 'nonsense'.repeat(5_000))
  await expect(memory.retrieve('k')).rejects.toMatchObject({ code: 'corrupt' })
})

it('acknowledges nothing that goes into a deleted file', async () => {
  const memory = await openScratch()
  await memory.store('k', 1)
  for (const end of ['', '-wal', '-shm']) fs.rmSync(memory.url + end)
  const gone = { code: 'store_gone', message: expect.stringContaining('deleted') }
  await expect(memory.store('k', 2)).rejects.toMatchObject(gone)
  await expect(memory.execute('delete from events')).rejects.toMatchObject(gone)
  await expect(memory.transaction((tx: Transaction) => tx.store('k', 3))).rejects.toMatchObject(gone)
})

it('lets the event loop turn between writes that are many and large', async () => {
  const memory = await openScratch({ durability: 'normal' })
  paceBy(1)
  const value = 'x'.repeat(100_000)
  let done = false
  const stored = Promise.all(Array.from({ length: 200 }, (_, i) => memory.store(`k${i}`, value)))
  const ended = stored.then(() => {
    done = true
  })
  let turns = 0
  for (; !done; turns++) await turn()
  await ended
  // Where nothing gives way there is one, at the end.
  expect(turns).toBeGreaterThan(2)
  expect((await memory.search('*', { limit: 1_000 })).length).toBe(200)
})

it('stores all the same when whoever listens for slow queries throws', async () => {
  const memory = await openScratch({ slowQueryMs: 0 })
  const thrown: unknown[] = []
  const listeners = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  process.once('uncaughtException', error => thrown.push(error))
  memory.on('slow_query', function once() {
    memory.off('slow_query', once)
    throw new Error('a bad listener')
  })
  expect(await memory.store('k', 1)).toEqual({ revision: 1 })
  await sleep(0)
  for (const listener of listeners) process.on('uncaughtException', listener)
  expect(thrown).toMatchObject([{ message: 'a bad listener' }])
})

it('finds keys whose next character is the last of Unicode', async () => {
  const memory = await openScratch()
  await memory.store('a\u{10ffff}z', 1)
  expect(await memory.search('a*')).toHaveLength(1)
  expect(await memory.search('*')).toHaveLength(1)
})
