import { describe, expect, it, onTestFinished } from 'vitest'
import type { Memory } from '../../src/memory.ts'
import { openPostgres } from '../../src/store/backend.ts'
import { Store } from '../../src/store/store.ts'
import { systemClock } from '../../src/util/clock.ts'
import { HeldDb } from '../support/held-db.ts'
import { emptyUrl } from '../support/postgres.ts'

const nextOf = async <T>(items: AsyncIterator<T>): Promise<T> => (await items.next()).value

/** A store whose handles all read late where a subscription starts. */
async function openHeld(): Promise<{ store: Store; held: HeldDb }> {
  const backend = await openPostgres(await emptyUrl(), { maxConnections: 4 })
  const held = new HeldDb(backend.db(systemClock))
  const store = new Store({ ...backend, db: () => held }, { reason: 'a test', background: false })
  onTestFinished(() => store.close())
  return { store, held }
}

async function asRun(memory: Memory): Promise<Memory> {
  const { incarnation } = await memory.registerAgent({ id: 'actor', type: 'coder' })
  return memory.as('actor', { incarnation })
}

/** Every handle that a store makes. */
const handles: Record<string, (memory: Memory) => Memory | Promise<Memory>> = {
  'of nobody': memory => memory,
  'of an agent': memory => memory.as('actor'),
  'of one run of an agent': asRun,
}

describe.each(Object.entries(handles))('a handle %s', (_, handleOf) => {
  it('delivers the event that it logs right after it subscribed, however late the start is read', async () => {
    const { store, held } = await openHeld()
    const memory = await handleOf(store.memory())
    const events = memory.events.subscribe({ types: ['t'] })[Symbol.asyncIterator]()
    const logged = memory.logEvent('t')
    await held.releaseAfter(logged)
    // Follows in any case, so that a subscriber that missed the first one waits for nothing.
    const { id } = await logged
    await memory.logEvent('t')
    expect((await nextOf(events)).id).toBe(id)
  })

  it('delivers the change that it makes right after it began to watch, however late the start is read', async () => {
    const { store, held } = await openHeld()
    const memory = await handleOf(store.memory())
    const changes = memory.shared.watch()[Symbol.asyncIterator]()
    const updated = memory.shared.update('key', 1)
    await held.releaseAfter(updated)
    const { revision } = await updated
    await memory.shared.update('key', 2)
    expect((await nextOf(changes)).revision).toBe(revision)
  })
})
