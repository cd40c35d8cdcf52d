import { expect, it } from 'vitest'
import { conform } from './conform.ts'

conform('retention', open => {
  const valuesOf = async (
    memory: Awaited<ReturnType<typeof open>>,
    options: { namespace: string },
  ): Promise<unknown[]> => (await memory.kv.history('key', options)).items.map(({ value }) => value)

  it('keeps as many versions of the keys of a namespace as somebody has said', async () => {
    const memory = await open()
    const [cache, notes] = [{ namespace: 'cache' }, { namespace: 'notes' }]
    await memory.history.setRetention('cache', { versions: 0 })
    await memory.history.setRetention('notes', { versions: 40 })
    for (let i = 1; i <= 40; i++) for (const each of [cache, notes]) await memory.store('key', i, each)
    expect(await valuesOf(memory, cache)).toEqual([40])
    expect(await valuesOf(memory, notes)).toEqual(Array.from({ length: 40 }, (_, i) => 40 - i))
    await memory.delete('key', cache)
    expect(await valuesOf(memory, cache)).toEqual([])

    expect((await memory.history.retention()).items).toEqual([
      { namespace: 'cache', versions: 0, days: 90 },
      { namespace: 'notes', versions: 40, days: 90 },
    ])
    const first = await memory.history.retention({ limit: 1 })
    expect((await memory.history.retention({ cursor: first.cursor })).items).toMatchObject([notes])

    await memory.history.setRetention('notes', { days: 7 })
    await memory.history.setRetention('cache')
    expect((await memory.history.retention()).items).toEqual([{ ...notes, versions: 20, days: 7 }])
    await memory.store('key', 'one', cache)
    await memory.store('key', 'two', cache)
    expect(await valuesOf(memory, cache)).toEqual(['two', 'one'])
  })

  it('refuses what nobody can mean', async () => {
    const memory = await open()
    const bad = [
      { versions: -1 },
      { versions: 1.5 },
      { days: 0 },
      { versions: 1e9 },
      { days: 1e9 },
      { daiys: 1 },
    ]
    for (const options of bad)
      await expect(memory.history.setRetention('notes', options)).rejects.toMatchObject({
        code: 'invalid_input',
      })
    await expect(memory.history.setRetention('')).rejects.toMatchObject({ code: 'invalid_input' })
    expect((await memory.history.retention()).items).toEqual([])
  })
})
