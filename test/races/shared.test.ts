import { describe, expect, it } from 'vitest'
import { type Child, startChild } from '../support/child.ts'
import { engines } from '../support/engines.ts'
import { take } from '../support/take.ts'

const writers = [0, 1, 2, 3]
const changesEach = 75
const total = writers.length * changesEach
const upToTotal = Array.from({ length: total }, (_, i) => i + 1)

describe.each(engines)('$name', ({ empty, open }) => {
  it('counts exactly when 4 processes compare and set, and shows every version once, in order, live', async () => {
    const location = await empty()
    const memory = await open({}, location)
    const live = take(memory.shared.watch('counter'), total)
    const children = writers.map(() => startChild('increment-shared', location, changesEach))
    expect(await Promise.all(children.map(child => child.exited))).toEqual([0, 0, 0, 0])

    expect(await memory.shared.get('counter')).toMatchObject({
      value: total,
      version: total,
      revision: total,
    })
    const seen = await live
    expect(seen.map(({ revision }) => revision)).toEqual(upToTotal)
    const changes = seen.flatMap(({ changes }) => changes)
    expect(changes.map(({ version }) => version)).toEqual(upToTotal)
    expect(changes.map(({ value }) => value)).toEqual(upToTotal)
  })

  it('loses, repeats and splits nothing when a watch is killed and goes on after what it has shown', async () => {
    const location = await empty()
    await open({}, location)
    const children = writers.map(writer => startChild('update-pairs', location, writer, changesEach))
    const seen: Shown[] = []
    const lastSeen = () => seen.at(-1)?.revision ?? 0
    for (let kills = 0; kills < 4; kills++) {
      seen.push(...(await shown(startChild('watch-shared', location, lastSeen(), 60))))
    }
    expect(await Promise.all(children.map(child => child.exited))).toEqual([0, 0, 0, 0])
    const watch = startChild('watch-shared', location, lastSeen())
    await watch.until(line => JSON.parse(line).revision === total)
    watch.process.kill('SIGKILL')
    seen.push(...(await shown(watch)))

    expect(seen.map(({ revision }) => revision)).toEqual(upToTotal)
    for (const { revision, values } of seen) {
      const value = values[0]?.value
      expect(values).toEqual(['left', 'right'].map(key => ({ key, version: revision, value })))
    }
  })
})

interface Shown {
  revision: number
  values: { key: string; version: number; value: string }[]
}

async function shown(watch: Child): Promise<Shown[]> {
  expect(await watch.exited).toBeNull()
  return watch.lines.map(line => JSON.parse(line))
}
