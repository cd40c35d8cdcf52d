import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { type Child, startChild } from '../support/child.ts'
import { engines } from '../support/engines.ts'
import { rounds } from '../support/rounds.ts'

const writers = Array.from({ length: 8 }, (_, i) => `w${i}`)
/** A process takes longer to open a store on a server. */
const kills = { sqlite: rounds(50), postgres: rounds(12, 4) }

interface Revision {
  revision: number
  changes: [key: string, value: number][]
}

interface Handled {
  id: number
  source: string
  data: number
}

describe.each(engines)('$name', ({ name, empty, open }) => {
  it('a watch and a group, killed again and again under 8 writers, skip nothing and keep the order', async () => {
    const location = await empty()
    const memory = await open({}, location)
    const writing = writers.map(writer => startChild('write-both', location, writer))
    const watched: Revision[] = []
    /** What each life of the group's consumer has handled. */
    const lives: Handled[][] = []
    const follow = () => startChild('follow-both', location, watched.at(-1)?.revision ?? 0, 'g')
    const note = async (child: Child) => {
      child.process.kill('SIGKILL')
      await child.exited
      watched.push(...said<Revision>(child, 'revision'))
      lives.push(said<Handled>(child, 'id'))
    }

    for (let i = 0; i < kills[name]; i++) {
      for (const writer of writing) writer.process.stdin?.write('5\n')
      const child = follow()
      // Most die at work, some while they open the store or before.
      const count = Math.random() * 20
      if (i % 10 === 9) await sleep(Math.random() * 100)
      else await child.until(() => said<Handled>(child, 'id').length > count)
      await note(child)
    }
    // Who was killed last may have handled all there was: what comes now is for the next one.
    for (const writer of writing) writer.process.stdin?.write('1\n')
    const wrote = await Promise.all(writing.map(finish))
    const last = { id: (await memory.events.latest())?.id, revision: (await memory.shared.list()).revision }
    const child = follow()
    await child.until(line => JSON.parse(line).revision === last.revision)
    await child.until(line => JSON.parse(line).id === last.id)
    await note(child)

    expect(watched.map(({ revision }) => revision)).toEqual(upTo(last.revision))
    const handled = withoutRepeats(lives)
    expect(handled.map(({ id }) => id)).toEqual(upTo(Number(last.id)))
    for (const [i, writer] of writers.entries()) {
      const numbers = upTo(wrote[i] ?? 0)
      const changes = watched.filter(({ changes }) => changes[0]?.[0] === `left/${writer}`)
      const pairs = numbers.map(n => [`left/${writer}`, n, `right/${writer}`, n])
      expect(changes.map(({ changes }) => changes.flat())).toEqual(pairs)
      expect(handled.filter(({ source }) => source === writer).map(({ data }) => data)).toEqual(numbers)
    }
  }, 600_000)
})

/** Ends a writer; its last number. */
async function finish(child: Child): Promise<number> {
  child.process.stdin?.end()
  expect(await child.exited).toBe(0)
  return Number(child.lines.at(-1))
}

function said<T>(child: Child, field: keyof T & string): T[] {
  return child.lines.filter(line => line.startsWith(`{"${field}"`)).map(line => JSON.parse(line))
}

/** A life may begin with what the one before it was handling when it ended: with nothing else a second time. */
function withoutRepeats(lives: readonly Handled[][]): Handled[] {
  const handled: Handled[] = []
  for (const life of lives) {
    const isRepeated = life.length > 0 && life[0]?.id === handled.at(-1)?.id
    handled.push(...life.slice(isRepeated ? 1 : 0))
  }
  return handled
}

function upTo(last: number): number[] {
  return Array.from({ length: last }, (_, i) => i + 1)
}
