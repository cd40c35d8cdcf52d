import { describe, expect, it } from 'vitest'
import { migrations, schemaId } from '../../src/db/migrations/index.ts'
import { startChild } from '../support/child.ts'
import { engines } from '../support/engines.ts'
import { remembered } from './ask.ts'
import { catalog } from './catalog.ts'
import { migrateStore } from './migrate-store.ts'
import { recordedStores, remake } from './stores.ts'
import { ahead, broken } from './trial.ts'

describe.each(engines)('$name', ({ name, scratch, open }) => {
  const former = recordedStores.filter(({ engine }) => engine === name)
  const oldest = former.reduce((a, b) => (a.schema < b.schema ? a : b))

  /** A new store, which its handle leaves before others change it. */
  async function create(): Promise<string> {
    const location = scratch()
    await (await open({}, location)).close()
    return location
  }

  it.each(former)('a store of schema $schema that goes on remembers what a new one does', async recorded => {
    const [old, fresh] = [scratch(), await create()]
    await remake(recorded, old)
    for (const location of [old, fresh]) await migrateStore(location, ahead)
    expect(await remembered(old)).toEqual(await remembered(fresh))
    expect(await remembered(fresh)).toHaveLength(ahead.length)
  })

  it('4 processes that open the oldest store at once migrate it once', async () => {
    const [location, fresh] = [scratch(), await create()]
    await remake(oldest, location)
    const children = Array.from({ length: 4 }, () => startChild('migrate', location))
    await Promise.all(children.map(child => child.until(line => line === 'ready')))
    for (const child of children) child.process.stdin?.write('go\n')
    expect(await Promise.all(children.map(child => child.exited))).toEqual(Array(4).fill(0))
    await migrateStore(fresh, ahead)
    expect(await catalog(location)).toEqual(await catalog(fresh))
    expect(await remembered(location)).toEqual(await remembered(fresh))
  })

  it('refuses a store that a newer program has migrated, and says what to do', async () => {
    const location = await create()
    await migrateStore(location, ahead)
    await expect(open({}, location)).rejects.toMatchObject({
      code: 'store_too_new',
      message: `the store has schema ${schemaId + 1}, this hivewax knows up to ${schemaId}`,
      hint: expect.stringContaining('update hivewax'),
    })
  })

  it('a migration that fails half-way leaves the store as it was', async () => {
    const [location, fresh] = [await create(), await create()]
    await expect(migrateStore(location, [...migrations, broken(schemaId + 1)])).rejects.toThrow(
      'no_such_column',
    )
    expect(await catalog(location)).toEqual(await catalog(fresh))
    expect(await remembered(location)).toEqual(await remembered(fresh))
    await open({}, location)
  })

  it('the migrations before one that fails are kept', async () => {
    const location = await create()
    await expect(migrateStore(location, [...ahead, broken(ahead.length + 1)])).rejects.toThrow(
      'no_such_column',
    )
    expect(await remembered(location)).toHaveLength(ahead.length)
  })
})
