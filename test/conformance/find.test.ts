import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Found } from '../../src/find/find.ts'
import { TestClock } from '../support/clock.ts'
import { keysFound } from '../support/found.ts'
import { conform } from './conform.ts'

conform('find', (open, times) => {
  it('finds every kind of record, and says which one it is', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    await memory.store('k', 'walnut', { namespace: 'n' })
    await memory.storeAgentMemory('a', 'k', ['walnut'])
    const { id: event } = await memory.logEvent({ type: 'e', source: 's', data: { walnut: 1 } })
    const { id: task } = await memory.tasks.create({ description: 'Crack a walnut', payload: { n: 1 } })
    await memory.storePattern({ id: 'p', type: 't', patternData: { tree: 'walnut' } })
    const updatedAt = new Date(clock.now())
    const author = expect.objectContaining({ agent: expect.any(String), via: expect.any(String) })
    const common = { score: expect.any(Number), updatedAt, author }
    expect(await memory.find('walnut')).toHaveLength(5)
    expect(await memory.find('walnut', { in: 'memory' })).toEqual([
      { in: 'memory', namespace: 'n', key: 'k', value: 'walnut', snippet: '«walnut»', ...common },
    ])
    expect(await memory.find('walnut', { in: 'agent_memory' })).toEqual([
      { in: 'agent_memory', agentId: 'a', key: 'k', value: ['walnut'], snippet: '«walnut»', ...common },
    ])
    expect(await memory.find('walnut', { in: 'events' })).toEqual([
      {
        in: 'events',
        id: event,
        type: 'e',
        source: 's',
        value: { walnut: 1 },
        snippet: '«walnut»: 1',
        ...common,
      },
    ])
    expect(await memory.find('walnut', { in: 'tasks' })).toEqual([
      {
        in: 'tasks',
        id: task,
        status: 'pending',
        value: 'Crack a walnut',
        snippet: 'Crack a «walnut» · n: 1',
        ...common,
        author: undefined,
      },
    ])
    expect(await memory.find('walnut', { in: 'patterns' })).toEqual([
      { in: 'patterns', id: 'p', type: 't', value: { tree: 'walnut' }, snippet: 'tree: «walnut»', ...common },
    ])
    const two = await memory.find('walnut', { in: ['tasks', 'patterns'] })
    expect(two.map(found => found.in).sort()).toEqual(['patterns', 'tasks'])
  })

  it('finds records by what they are called: agent, type and source, id', async () => {
    const memory = await open()
    await memory.storeAgentMemory('coder-1', 'history', 1)
    await memory.logEvent({ type: 'build_failed', source: 'runner-7', data: 1 })
    await memory.storePattern({ id: 'error-handling', type: 'tactic', patternData: 1 })
    const { id } = await memory.tasks.create({ description: 'x' })
    const places = async (text: string) => (await memory.find(text)).map(found => found.in)
    expect(await places('coder history')).toEqual(['agent_memory'])
    expect(await places('failed build')).toEqual(['events'])
    expect(await places('runner')).toEqual(['events'])
    expect(await places('handle errors')).toEqual(['patterns'])
    expect((await memory.find(id, { in: 'tasks' }))[0]).toMatchObject({ id, score: 1 })
  })

  it('ranks a match in the key first, and more of the words before fewer', async () => {
    const memory = await open()
    for (let i = 0; i < 20; i++) await memory.store(`other-${i}`, `filler about something else ${i}`)
    await memory.store('body', 'deploy now')
    await memory.store('deploy', 'a longer text, in which the word would count less than in a short one')
    expect(await keysFound(memory, 'deploy')).toEqual(['deploy', 'body'])
    await memory.store('both', 'deploy with a rollback, in one text of several words')
    expect((await keysFound(memory, 'rollback deploys'))[0]).toBe('both')
  })

  it('gives scores from 1 downwards, the best first', async () => {
    const memory = await open()
    for (let i = 0; i < 30; i++) await memory.store(`k${i}`, `apple ${'pear '.repeat(i)}`)
    const found = await memory.find('apple', { limit: 30 })
    const scores = found.map(({ score }) => score)
    expect(scores[0]).toBe(1)
    expect(scores).toEqual([...scores].sort((a, b) => b - a))
    expect(scores.every(score => score > 0 && score <= 1)).toBe(true)
    expect(await memory.find('apple')).toEqual(found.slice(0, 10))
    expect(await memory.find('apple', { limit: 1 })).toEqual(found.slice(0, 1))
  })

  it('gives the same records the same scores before they are indexed, between and after', async () => {
    const memory = await open()
    const records = Array.from({ length: 60 }, (_, i) => ({
      key: i % 7 === 0 ? `apple-${i}` : `k${i}`,
      value: `${'apple '.repeat(i % 5)}${i % 3 === 0 ? 'pear' : 'quince'} ${'filler '.repeat(i)}`,
    }))
    const texts = ['apple', 'pear apple', 'quince filler walnut', 'rare apple']
    const scores = async () => {
      const answers = await Promise.all(texts.map(text => memory.find(text, { limit: 100 })))
      return answers.map(found => new Map(found.map(each => [name(each), each.score])))
    }
    const expectSame = (before: Map<string, number>[], after: Map<string, number>[]) => {
      for (const [i, text] of texts.entries()) {
        expect([...before[i]!.keys()].sort(), text).toEqual([...after[i]!.keys()].sort())
        for (const [key, score] of after[i]!)
          expect(before[i]!.get(key), `${text}: ${key}`).toBeCloseTo(score, 5)
      }
    }
    await memory.kv.storeMany(records.slice(0, 30))
    await memory.logEvent({ type: 'e', source: 's', data: 'an apple and a rare pear' })
    const before = await scores()
    await memory.optimize()
    expectSame(before, await scores())
    await memory.kv.storeMany(records.slice(30))
    await memory.storeAgentMemory('a', 'walnut', 'apple rare')
    const between = await scores()
    await memory.optimize()
    expectSame(between, await scores())
  })

  it('finds of what was indexed and has changed since only what it is now', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    for (const key of ['same', 'changed', 'deleted', 'expiring', 'expired', 'lasting'])
      await memory.store(key, `medlar in ${key}`)
    const { id } = await memory.logEvent({ type: 'e', source: 's', data: 'medlar' })
    await memory.optimize()
    await memory.store('changed', 'quince')
    await memory.delete('deleted')
    await memory.store('expiring', 'medlar', { ttl: 10 })
    await memory.store('expired', 'medlar', { ttl: 1 })
    await memory.store('new', 'medlar')
    await memory.events.prune({ keep: 0 })
    clock.advance(1000)
    expect((await keysFound(memory, 'medlar')).sort()).toEqual(['expiring', 'lasting', 'new', 'same'])
    expect(await keysFound(memory, 'quince')).toEqual(['changed'])
    expect(await memory.find('medlar', { in: 'events' })).toEqual([])
    clock.advance(9000)
    expect((await keysFound(memory, 'medlar')).sort()).toEqual(['lasting', 'new', 'same'])
    expect(id).toBe(1)
  })

  it('says that it has searched everything', async () => {
    const memory = await open()
    await memory.store('k', 'plum')
    expect(await memory.findings('plum')).toEqual({
      items: await memory.find('plum'),
      isComplete: true,
      missing: 0,
    })
    expect(await memory.findings('…')).toEqual({ items: [], isComplete: true, missing: 0 })
  })

  it('finds every acknowledged write at once, through any handle', async () => {
    const memory = await open()
    const other = memory.as('other')
    for (let i = 0; i < 30; i++) {
      await (i % 2 === 0 ? memory : other).store(`k${i}`, `unique${i}`)
      expect(await keysFound(i % 2 === 0 ? other : memory, `unique${i}`)).toEqual([`k${i}`])
    }
    await Promise.all(
      Array.from({ length: 50 }, async (_, i) => {
        await memory.store(`p${i}`, `parallel${i}`)
        expect(await keysFound(memory, `parallel${i}`)).toEqual([`p${i}`])
      }),
    )
  })

  it('finds a record by its present text only', async () => {
    const memory = await open()
    await memory.store('k', 'before')
    expect(await keysFound(memory, 'before')).toEqual(['k'])
    await memory.store('k', 'after')
    expect(await keysFound(memory, 'before')).toEqual([])
    expect(await memory.find('after')).toMatchObject([{ key: 'k', value: 'after', snippet: '«after»' }])
    await memory.store('k', 'after', { metadata: { tag: 'marked' } })
    expect(await keysFound(memory, 'marked')).toEqual(['k'])
    const { id } = await memory.tasks.create({ description: 'measure the comb' })
    expect(await memory.find('comb')).toHaveLength(1)
    await memory.tasks.cancel(id)
    expect(await memory.find('comb', { in: 'tasks' })).toMatchObject([{ id, status: 'cancelled' }])
  })

  it('finds a record by its present text only, also when several index at a time', async () => {
    const memory = await open()
    const keyCount = 4
    for (let round = 0; round < Math.max(8, times(200)); round++) {
      const write = (_: unknown, i: number) => memory.store(`k${i}`, `round${round}of${i}`)
      await Promise.all(Array.from({ length: keyCount }, write))
      const again = (_: unknown, i: number) =>
        memory.store(`k${i}`, `later${round}of${i}`).then(() => memory.find(`later${round}of${i}`))
      const searches = Array.from({ length: keyCount }, () => memory.find('round'))
      const found = await Promise.all(Array.from({ length: keyCount }, again))
      expect(found.map(list => list.length)).toEqual([1, 1, 1, 1])
      await Promise.all(searches)
      for (let i = 0; i < keyCount; i++) expect(await memory.find(`round${round}of${i}`)).toEqual([])
    }
  })

  it('never finds what was deleted', async () => {
    const memory = await open()
    for (const key of ['a', 'b', 'c'])
      await memory.store(key, 'quince', { namespace: key === 'c' ? 'n' : 'default' })
    expect(await memory.find('quince')).toHaveLength(3)
    await memory.delete('a')
    expect(await keysFound(memory, 'quince')).toEqual(expect.not.arrayContaining(['a']))
    await memory.clearNamespace('n')
    expect(await keysFound(memory, 'quince')).toEqual(['b'])
    await memory.store('a', 'quince')
    await memory.delete('a')
    expect(await keysFound(memory, 'quince')).toEqual(['b'])
  })

  it('never finds what has expired, and finds it again when it is stored anew', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    await memory.store('k', 'medlar', { ttl: 10 })
    await memory.store('other', 'medlar and more')
    clock.advance(9_999)
    expect((await keysFound(memory, 'medlar')).sort()).toEqual(['k', 'other'])
    clock.advance(1)
    expect(await keysFound(memory, 'medlar')).toEqual(['other'])
    await memory.store('k', 'medlar')
    clock.advance(1e6)
    expect((await keysFound(memory, 'medlar')).sort()).toEqual(['k', 'other'])
    await memory.store('k', 'medlar', { ttl: 1 })
    clock.advance(1000)
    expect(await keysFound(memory, 'medlar', { limit: 1 })).toEqual(['other'])
    clock.advance(1000)
    expect(await keysFound(memory, 'medlar', { limit: 1 })).toEqual(['other'])
  })

  it('keeps to a namespace when asked', async () => {
    const memory = await open()
    await memory.store('a', 'cherry', { namespace: 'n' })
    await memory.store('b', 'cherry', { namespace: 'N' })
    await memory.storeAgentMemory('agent', 'c', 'cherry')
    expect(await keysFound(memory, 'cherry', { namespace: 'n' })).toEqual(['a'])
    expect(await keysFound(memory, 'cherry', { namespace: 'N', in: 'memory' })).toEqual(['b'])
    expect(await keysFound(memory, 'cherry', { namespace: 'absent' })).toEqual([])
    expect(await keysFound(memory, '6e', { namespace: 'n' })).toEqual([])
    const both = memory.find('cherry', { namespace: 'n', in: ['memory', 'events'] })
    await expect(both).rejects.toMatchObject({ code: 'invalid_input' })
  })

  it('sees the writes of its own transaction, and forgets them with it', async () => {
    const memory = await open()
    await memory.store('kept', 'plum')
    const failed = memory.transaction(async tx => {
      await tx.store('undone', 'plum')
      await tx.delete('kept')
      expect(await keysFound(tx, 'plum')).toEqual(['undone'])
      throw new Error('undo')
    })
    await expect(failed).rejects.toThrow('undo')
    expect(await keysFound(memory, 'plum')).toEqual(['kept'])
    await memory.transaction(async tx => {
      await tx.store('more', 'plum')
      expect((await keysFound(tx, 'plum')).sort()).toEqual(['kept', 'more'])
    })
    expect((await keysFound(memory, 'plum')).sort()).toEqual(['kept', 'more'])
  })

  it('finds exactly the records that hold a word, after any changes', async () => {
    const words = ['ash', 'beech', 'cedar', 'elm', 'fir']
    const change = fc.record({
      key: fc.constantFrom('k1', 'k2', 'k3', 'k4'),
      namespace: fc.constantFrom('default', 'n'),
      value: fc.option(fc.subarray(words), { nil: undefined }),
      search: fc.option(fc.constantFrom(...words), { nil: undefined }),
      index: fc.constantFrom(...Array.from({ length: 9 }, () => false), true),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 40 }), async changes => {
        const memory = await open()
        const model = new Map<string, string[]>()
        const check = async (word: string) => {
          const expected = [...model].filter(([, held]) => held.includes(word)).map(([name]) => name)
          expect((await memory.find(word)).map(name).sort()).toEqual(expected.sort())
        }
        for (const { key, namespace, value, search, index } of changes) {
          if (value === undefined) await memory.delete(key, { namespace })
          else await memory.store(key, value, { namespace })
          if (value === undefined) model.delete(`${namespace}/${key}`)
          else model.set(`${namespace}/${key}`, value)
          if (index) await memory.optimize()
          if (search !== undefined) await check(search)
        }
        for (const word of words) await check(word)
        await memory.close()
      }),
      { numRuns: times(20) },
    )
  })
})

function name(found: Found): string {
  return found.in === 'memory' ? `${found.namespace}/${found.key}` : found.in
}
