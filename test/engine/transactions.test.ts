import { AsyncLocalStorage } from 'node:async_hooks'
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import { expect, it } from 'vitest'
import type { Transaction } from '../../src/transaction.ts'
import { paceBy } from '../support/clock.ts'
import { openScratch, scratchFile } from '../support/memory.ts'

it('commits everything or nothing, across kinds of records', async () => {
  const memory = await openScratch()
  const failed = memory.transaction(async tx => {
    await tx.store('k', 1)
    await tx.execute("insert into events (type, source) values ('t', 's')")
    expect(await tx.retrieve('k')).toBe(1)
    expect(await tx.query('select count(*) as n from events')).toEqual([{ n: 1 }])
    throw new Error('changed my mind')
  })
  await expect(failed).rejects.toThrow('changed my mind')
  expect(await memory.retrieve('k')).toBeUndefined()
  expect(await memory.query('select * from events')).toEqual([])
})

it('lets a write from outside wait for an open transaction, and survive its rollback', async () => {
  const memory = await openScratch()
  let outside: Promise<unknown> = Promise.resolve()
  const failed = memory.transaction(async tx => {
    await tx.store('inside', 1)
    releaseOutside()
    await turn()
    throw new Error('rolled back')
  })
  const released = new Promise<void>(resolve => {
    releaseOutside = resolve
  })
  outside = released.then(() => memory.store('outside', 2))
  await expect(failed).rejects.toThrow('rolled back')
  await outside
  expect(await memory.retrieve('inside')).toBeUndefined()
  expect(await memory.retrieve('outside')).toBe(2)
})
let releaseOutside: () => void = () => {}

it('never freezes the event loop while another handle of the process holds a transaction', async () => {
  const file = scratchFile()
  const first = await openScratch({}, file)
  const second = await openScratch({}, file)
  let turns = 0
  const held = first.transaction(async tx => {
    await tx.store('k', 'first')
    while (turns < 20) {
      await sleep(1)
      turns++
    }
  })
  const waiting = second.store('k', 'second')
  await held
  await waiting
  expect(turns).toBe(20)
  expect(await first.retrieve('k')).toBe('second')
})

it('refuses the outer handle inside its own transaction, reads too, and other handles of the store', async () => {
  const file = scratchFile()
  const memory = await openScratch({}, file)
  const other = await openScratch({}, file)
  await memory.store('cached', 1)
  await memory.retrieve('cached')
  await memory.transaction(async tx => {
    const misuse = { code: 'transaction_misuse' }
    await expect(memory.store('k', 1)).rejects.toMatchObject(misuse)
    await expect(memory.retrieve('cached')).rejects.toMatchObject(misuse)
    await expect(memory.query('select 1')).rejects.toMatchObject(misuse)
    await expect(memory.transaction(async () => {})).rejects.toMatchObject(misuse)
    await expect(other.store('k', 1)).rejects.toMatchObject(misuse)
    await tx.transaction(async inner => {
      await expect(tx.store('k', 1)).rejects.toMatchObject(misuse)
      await inner.store('k', 'inner')
    })
  })
  expect(await memory.retrieve('k')).toBe('inner')
})

it('allows another store inside a transaction', async () => {
  const memory = await openScratch()
  const elsewhere = await openScratch()
  await memory.transaction(async () => {
    await elsewhere.store('k', 1)
  })
  expect(await elsewhere.retrieve('k')).toBe(1)
})

it('does not blame a timer that a transaction started and that fires after it', async () => {
  const memory = await openScratch()
  const later = await memory.transaction(async () => ({
    stored: sleep(5).then(() => memory.store('k', 'later')),
  }))
  await later.stored
  expect(await memory.retrieve('k')).toBe('later')
})

it('refuses a handle whose transaction has ended', async () => {
  const memory = await openScratch()
  let kept: Transaction | undefined
  await memory.transaction(async tx => {
    kept = tx
  })
  await expect(kept?.store('k', 1)).rejects.toMatchObject({ code: 'closed' })
})

it('nests as savepoints: an inner failure undoes the inner writes only', async () => {
  const memory = await openScratch()
  await memory.transaction(async tx => {
    await tx.store('outer', 1)
    await expect(
      tx.transaction(async inner => {
        await inner.store('outer', 2)
        await inner.store('inner', 2)
        throw new Error('inner')
      }),
    ).rejects.toThrow('inner')
    await tx.transaction(inner => inner.store('kept', 3))
  })
  expect(await memory.kv.retrieveMany(['outer', 'inner', 'kept'])).toEqual(
    new Map([
      ['outer', 1],
      ['kept', 3],
    ]),
  )
})

it('runs sibling transactions in turn, so that one that fails does not undo the other', async () => {
  const memory = await openScratch()
  await memory.transaction(async tx => {
    const failing = tx.transaction(async inner => {
      await inner.store('a', 1)
      await sleep(5)
      throw new Error('a failed')
    })
    const sibling = tx.transaction(inner => inner.store('b', 2))
    const between = tx.store('c', 3)
    await expect(failing).rejects.toThrow('a failed')
    await Promise.all([sibling, between])
  })
  expect(await memory.kv.retrieveMany(['a', 'b', 'c'])).toEqual(
    new Map([
      ['b', 2],
      ['c', 3],
    ]),
  )
})

it('waits for inner transactions that the callback did not await', async () => {
  const memory = await openScratch()
  await memory.transaction(async tx => {
    void tx.transaction(async inner => {
      await sleep(5)
      await inner.store('late', 1)
    })
  })
  expect(await memory.retrieve('late')).toBe(1)
})

it('gives up a transaction that stays open too long, and goes on', async () => {
  const memory = await openScratch()
  let late: Promise<unknown> = Promise.resolve()
  const hung = memory.transaction(
    async tx => {
      await tx.store('k', 'hung')
      await sleep(60)
      late = tx.store('k', 'late')
      late.catch(() => {})
    },
    { timeoutMs: 20 },
  )
  await expect(hung).rejects.toMatchObject({ code: 'deadline' })
  await memory.store('k', 'next')
  await sleep(60)
  await expect(late).rejects.toMatchObject({ code: 'closed' })
  expect(await memory.retrieve('k')).toBe('next')
})

it("runs the callback in its caller's asynchronous context, and nobody else's", async () => {
  const memory = await openScratch()
  const request = new AsyncLocalStorage<string>()
  const seen = await Promise.all(
    ['a', 'b'].map(id => request.run(id, () => memory.transaction(async () => request.getStore()))),
  )
  expect(seen).toEqual(['a', 'b'])
})

it('lets the event loop go on within a long transaction, and its deadline fire', async () => {
  const memory = await openScratch({ durability: 'normal' })
  paceBy(1)
  const records = Array.from({ length: 10_000 }, (_, i) => ({ key: `k${i}`, value: i }))
  let turns = 0
  let isOver = false
  const counting = (async () => {
    for (; !isOver; turns++) await turn()
  })()
  await memory.kv.storeMany(records)
  isOver = true
  await counting
  expect(turns).toBeGreaterThan(2)
  const endless = memory.transaction(
    async tx => {
      for (;;) await tx.store('k', 1)
    },
    { timeoutMs: 50 },
  )
  await expect(endless).rejects.toMatchObject({ code: 'deadline' })
  expect(await memory.kv.get('k')).toBeUndefined()
})
