import { describe, expect, it } from 'vitest'
import type { Memory } from '../../src/memory.ts'
import { startChild } from '../support/child.ts'
import { engines } from '../support/engines.ts'

const processes = 8
const bad = 'writer-0'

/** Writes of each process. */
const count = 80

interface Change {
  by: string | undefined
  /** Undefined for a deletion. */
  value: unknown
}

/** The changes of each key, oldest first. */
async function changesOf(memory: Memory): Promise<Map<string, Change[]>> {
  const keys = await memory.query(
    'select distinct key from hivewax_memory_history union select key from memory_store',
  )
  const histories = keys.map(async ({ key }): Promise<[string, Change[]]> => {
    const { items } = await memory.kv.history(String(key), { limit: 10_000 })
    return [String(key), items.map(({ author, value }) => ({ by: author?.agent, value })).toReversed()]
  })
  return new Map(await Promise.all(histories))
}

/** What a key held before the changes of the bad writer that end at `end`. */
function before(changes: readonly Change[], end: number): Change | undefined {
  return changes.slice(0, end).findLast(({ by }) => by !== bad)
}

describe.each(engines)('$name', ({ empty, open }) => {
  it('takes back what one of 8 processes writes, while they write and once more after, and nothing of the others', async () => {
    const location = await empty()
    const memory = await open({}, location)
    await memory.history.setRetention('default', { versions: 10_000 })
    const keys = ['shared-0', 'shared-2', 'shared-4', `${bad}-1`, `${bad}-3`]
    await memory.as('founder').kv.storeMany(keys.map(key => ({ key, value: `before ${key}` })))
    const children = Array.from({ length: processes }, (_, i) =>
      startChild('write-keys', location, `writer-${i}`, count, i === 0 ? 'deletes' : 'stores'),
    )
    await Promise.all(children.map(child => child.until(line => line === 'ready')))
    for (const child of children) child.process.stdin?.write('go\n')
    let isOver = false
    const exited = Promise.all(children.map(child => child.exited)).finally(() => {
      isOver = true
    })
    const lead = memory.as('lead').history
    while (!isOver) await lead.undo(bad)
    expect(await exited).toEqual(children.map(() => 0))
    await lead.undo(bad)

    const all = await changesOf(memory)
    const stored = [...all].flatMap(([key, changes]) =>
      changes
        .filter(({ by, value }) => by?.startsWith('writer') && value !== undefined)
        .map(({ value }) => `${key} ${value}`),
    )
    const acknowledged = children.flatMap(({ lines }) => lines.filter(line => line !== 'ready'))
    expect(stored.toSorted()).toEqual(acknowledged.toSorted())
    let undone = 0
    for (const [key, changes] of all) {
      for (const [i, { by, value }] of changes.entries()) {
        if (by !== 'lead') continue
        undone++
        expect({ key, i, after: changes[i - 1]?.by }).toEqual({ key, i, after: bad })
        expect({ key, i, value }).toEqual({ key, i, value: before(changes, i)?.value })
      }
      expect({ key, last: changes.at(-1)?.by }).not.toEqual({ key, last: bad })
      expect(await memory.retrieve(key)).toEqual(changes.at(-1)?.value)
    }
    expect(undone).toBeGreaterThan(0)
    for (const key of keys.slice(3)) expect(await memory.retrieve(key)).toBe(`before ${key}`)
  })
})
