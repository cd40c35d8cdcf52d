import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { follow } from '../../src/db/follow.ts'
import { sql } from '../../src/db/sql.ts'
import { SqliteCommits } from '../../src/db/sqlite/commits.ts'
import { SqliteStore } from '../../src/db/sqlite/sqlite-store.ts'
import { Busy, Closed, Storage } from '../../src/errors.ts'
import { systemClock } from '../../src/util/clock.ts'
import { startChild } from '../support/child.ts'
import { paceBy } from '../support/clock.ts'
import { openScratch, scratchFile } from '../support/memory.ts'
import { take } from '../support/take.ts'

describe('looking for the commits of other processes', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }))
  afterEach(() => void vi.useRealTimers())

  /** Commits whose file is what a test makes of it, with how often it was looked at. */
  function watched() {
    const file = { version: 1 as unknown, looks: 0 }
    const commits = new SqliteCommits(() => {
      file.looks++
      if (file.version instanceof Error) throw file.version
      return file.version
    })
    file.looks = 0
    return { commits, file }
  }

  it('happens every millisecond at first, and twenty times a second when nothing has come for long', () => {
    const { commits, file } = watched()
    commits.wait(() => {})
    vi.advanceTimersByTime(500)
    expect(file.looks).toBe(500)
    vi.advanceTimersByTime(60_000)
    file.looks = 0
    vi.advanceTimersByTime(1000)
    expect(file.looks).toBe(20)
  })

  it('is as frequent as the most active of those who wait would have it, whatever is committed', () => {
    const { commits, file } = watched()
    const bored = performance.now() - 60_000
    const again = () => void commits.wait(again, bored)
    again()
    for (let i = 0; i < 20; i++) {
      file.version = `by another ${i}`
      vi.advanceTimersByTime(50)
    }
    expect(file.looks).toBe(20)
    const leave = commits.wait(() => {}, performance.now())
    vi.advanceTimersByTime(100)
    expect(file.looks).toBe(120)
    leave()
    vi.advanceTimersByTime(1000)
    expect(file.looks).toBeLessThan(142)
  })

  it('wakes all who wait, once, and none who have left', () => {
    const { commits, file } = watched()
    const woken: string[] = []
    commits.wait(() => woken.push('a'))
    commits.wait(() => woken.push('b'))
    commits.wait(() => woken.push('c'))()
    const { count } = commits
    file.version = 2
    vi.advanceTimersByTime(1000)
    expect(woken).toEqual(['a', 'b'])
    expect(commits.count).toBe(count + 1)
  })

  it('is done once for all who wait, and ends with the last of them', () => {
    const { commits, file } = watched()
    const [leave, leaveToo] = [commits.wait(() => {}), commits.wait(() => {})]
    vi.advanceTimersByTime(100)
    expect(file.looks).toBe(100)
    leave()
    expect(vi.getTimerCount()).toBe(1)
    leaveToo()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('goes on when the file is busy, and lets those who wait find out what else is wrong', () => {
    const { commits, file } = watched()
    let wakes = 0
    commits.wait(() => wakes++)
    file.version = new Busy('busy')
    vi.advanceTimersByTime(100)
    expect({ wakes, looks: file.looks }).toEqual({ wakes: 0, looks: 100 })
    file.version = new Storage('gone')
    vi.advanceTimersByTime(100)
    expect(wakes).toBe(1)
  })
})

describe('the commits of a store', () => {
  async function openStore(file = scratchFile()) {
    const store = await SqliteStore.open(file, 5000)
    onTestFinished(() => store.close())
    return { store, db: store.db(systemClock) }
  }

  const logEvent = sql`insert into events (type, source) values ('t', 's')`

  it('are told to a process that does nothing but wait, when another one makes them', async () => {
    const file = scratchFile()
    const { store } = await openStore(file)
    const heard = new Promise<void>(resolve => {
      let left = 3
      const again = () => (--left === 0 ? resolve() : void store.commits.wait(again))
      store.commits.wait(again)
    })
    const child = startChild('log-events', file, 'w', 50)
    await heard
    expect(await child.exited).toBe(0)
  })

  it('count once for all that is committed together, and only when there may be news for followers', async () => {
    const { store, db } = await openStore()
    paceBy(0)
    const counted = async (work: () => Promise<unknown>) => {
      const before = store.commits.count
      await work()
      return store.commits.count - before
    }
    expect(await counted(() => Promise.all([1, 2, 3].map(() => db.all(logEvent))))).toBe(1)
    expect(await counted(() => db.execute("update events set source = 'x'"))).toBe(1)
    expect(await counted(() => db.query('select * from events'))).toBe(0)
    expect(await counted(() => db.all(sql`insert into memory_store (key, value) values ('k', '1')`))).toBe(0)
    expect(await counted(() => db.all(sql`update events set source = 'y' where id = 0`))).toBe(0)
    const undone = () => Promise.reject(new Error('undone'))
    expect(await counted(() => db.transaction(undone, { interactive: true }).catch(() => {}))).toBe(0)
  })

  it('wake a follower before the writer hears of them, and it reads once for each', async () => {
    const { db } = await openStore()
    let reads = 0
    const read = async (cursor: number) => ({ items: ++reads === 2 ? [1] : [], cursor, more: false })
    const first = follow(db, read, { signal: undefined }).next()
    await turn()
    expect(reads).toBe(1)
    await Promise.all([1, 2, 3].map(() => db.all(logEvent)))
    expect(reads).toBe(2)
    expect(await first).toEqual({ value: 1, done: false })
  })
})

describe('a subscription', () => {
  it('waits through transactions of its own process, and hears what they have committed', async () => {
    const memory = await openScratch()
    const heard = take(memory.events.subscribe(), 2)
    await memory.transaction(async tx => {
      await tx.events.log({ type: 'inside' })
      await sleep(50)
      await tx.store('k', 1)
    })
    await memory.transaction(tx => tx.events.log({ type: 'after' }))
    expect((await heard).map(event => event.type)).toEqual(['inside', 'after'])
  })

  it('ends with its own handle, while other handles of the process go on', async () => {
    const file = scratchFile()
    const [memory, other] = [await openScratch({}, file), await openScratch({}, file)]
    const ended = take(memory.events.subscribe(), 1)
    const heard = take(other.events.subscribe(), 1)
    await memory.close()
    await expect(ended).rejects.toThrow(Closed)
    await other.events.log({ type: 't' })
    expect(await heard).toHaveLength(1)
  })
})
