import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { NewEdge } from '../../src/topology/build.ts'
import type { TopologyType } from '../../src/topology/shapes.ts'
import type { NewTopology } from '../../src/topology/topology.ts'
import { TestClock } from '../support/clock.ts'
import { conform } from './conform.ts'

const letters = (count: number) => Array.from({ length: count }, (_, i) => String.fromCharCode(97 + i))

conform('topology', (open, times) => {
  it('gives back what was saved, with links in their long form', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    const saved = await memory.topology.save({
      swarmId: 's',
      topologyType: 'custom',
      nodes: ['a', { id: 'b', role: 'coder' }, 'c'],
      edges: [['a', 'b'], { from: 'b', to: 'c', weight: 2.5, kind: 'slow' }],
      metadata: { region: 'eu' },
    })
    expect(saved).toEqual({
      swarmId: 's',
      topologyType: 'custom',
      nodes: ['a', { id: 'b', role: 'coder' }, 'c'],
      edges: [
        { from: 'a', to: 'b' },
        { from: 'b', to: 'c', weight: 2.5, kind: 'slow' },
      ],
      metadata: { region: 'eu' },
      version: 1,
      createdAt: new Date(clock.now()),
      author: expect.anything(),
    })
    expect(await memory.topology.get('s')).toEqual(saved)
    expect(await memory.topology.get('absent')).toBeUndefined()
  })

  it('makes the links of a type that are left out', async () => {
    const memory = await open()
    const links = async (topologyType: TopologyType, count: number) =>
      (await memory.topology.save({ swarmId: 's', topologyType, nodes: letters(count) })).edges
        .map(({ from, to }) => from + to)
        .join(' ')
    expect(await links('star', 4)).toBe('ab ac ad')
    expect(await links('ring', 4)).toBe('ab bc cd da')
    expect(await links('ring', 2)).toBe('ab')
    expect(await links('mesh', 4)).toBe('ab ac ad bc bd cd')
    expect(await links('hierarchical', 6)).toBe('ab ac bd be cf')
    expect(await links('custom', 4)).toBe('')
    for (const type of ['star', 'ring', 'mesh', 'hierarchical', 'custom'] as const) {
      expect(await links(type, 1)).toBe('')
      expect(await links(type, 0)).toBe('')
    }
  })

  it('accepts the links that it makes itself, in any order, and either direction but in trees', async () => {
    const memory = await open()
    const type = fc.constantFrom<TopologyType>('star', 'ring', 'mesh', 'hierarchical')
    await fc.assert(
      fc.asyncProperty(
        type,
        fc.integer({ min: 0, max: 12 }),
        fc.infiniteStream(fc.nat()),
        async (type, count, random) => {
          const nodes = letters(count)
          const made = await memory.topology.save({ swarmId: 's', topologyType: type, nodes })
          const edges = made.edges
            .map(
              ({ from, to }): NewEdge =>
                type !== 'hierarchical' && next(random) % 2 ? [to, from] : [from, to],
            )
            .map(edge => ({ edge, place: next(random) }))
            .sort((a, b) => a.place - b.place)
            .map(({ edge }) => edge)
          await memory.topology.save({ swarmId: 's', topologyType: type, nodes, edges })
          expect(await memory.topology.components('s')).toEqual(count === 0 ? [] : [nodes])
          if (edges.length === 0) return
          // One link less breaks every form.
          const broken = memory.topology.save({
            swarmId: 's',
            topologyType: type,
            nodes,
            edges: edges.slice(1),
          })
          await expect(broken).rejects.toMatchObject({ code: 'invalid_input' })
        },
      ),
      { numRuns: times(300) },
    )
  })

  it.each<[string, TopologyType, number, string, RegExp]>([
    [
      'a star with a link past the hub',
      'star',
      4,
      'ab ac ad cd',
      /no star: nodes "c" and "d" are linked directly.*"a"/,
    ],
    [
      'a star with a node without a link',
      'star',
      4,
      'ab ac',
      /no star: node "d" is not linked to the hub "a"/,
    ],
    ['a star without links', 'star', 2, '', /no star: node "b" is not linked/],
    ['an open ring', 'ring', 4, 'ab bc cd', /no ring: node "a" has 1 link; in a ring of 4 each has 2/],
    ['a ring with a chord', 'ring', 4, 'ab bc cd da ac', /no ring: node "a" has 3 links/],
    ['two rings', 'ring', 6, 'ab bc ca de ef fd', /no ring: node "d" is in another circle than "a"/],
    ['a ring of two linked twice', 'ring', 2, 'ab ba', /nodes "b" and "a" are linked twice/],
    ['a mesh with a gap', 'mesh', 4, 'ab ac ad bd cd', /no mesh: node "b" has 2 links and lacks one to "c"/],
    [
      'a mesh with a link written twice',
      'mesh',
      3,
      'ab ba bc',
      /no mesh: nodes "b" and "a" are linked twice/,
    ],
    ['a node linked to itself', 'mesh', 2, 'ab bb', /node "b" is linked to itself/],
    ['a child of two', 'hierarchical', 4, 'ab ac bd cd', /node "d" has two parents, "b" and "c"/],
    ['two roots', 'hierarchical', 4, 'ab cd', /nodes "a" and "c" both have no parent/],
    ['a circle beside the tree', 'hierarchical', 5, 'ab cd de ec', /node "[cde]" is its own ancestor/],
    ['a tree without a root', 'hierarchical', 4, 'ab bc ca cd', /node "[abc]" is its own ancestor/],
    ['a link to nowhere', 'custom', 2, 'ab az', /edges\[1\] leads to "z", which is no node/],
  ])('refuses %s, naming the node', async (_, topologyType, count, links, message) => {
    const memory = await open()
    const edges = links.split(' ').flatMap((pair): NewEdge[] => (pair === '' ? [] : [[pair[0]!, pair[1]!]]))
    const saved = memory.topology.save({ swarmId: 's', topologyType, nodes: letters(count), edges })
    await expect(saved).rejects.toMatchObject({
      code: 'invalid_input',
      message: expect.stringMatching(message),
    })
    expect(await memory.topology.get('s')).toBeUndefined()
  })

  it('takes anything as custom: loops, doubled links, parts', async () => {
    const memory = await open()
    const edges: NewEdge[] = ['aa', 'ab', 'ba', 'ab'].map(pair => [pair[0]!, pair[1]!])
    await memory.topology.save({ swarmId: 's', topologyType: 'custom', nodes: letters(3), edges })
    expect(await memory.topology.neighbors('s', 'a')).toEqual(['a', 'b'])
    expect(await memory.topology.components('s')).toEqual([['a', 'b'], ['c']])
  })

  it('keeps every version, and finds them again', async () => {
    const memory = await open()
    for (const nodes of [['a'], ['a', 'b'], ['a', 'b', 'c']]) {
      await memory.topology.save({ swarmId: 's', topologyType: 'ring', nodes })
    }
    await memory.topology.save({ swarmId: 'other', topologyType: 'ring', nodes: ['x'] })
    const { items, cursor } = await memory.topology.history('s', { limit: 2 })
    expect(items.map(({ version, nodes }) => [version, nodes.length])).toEqual([
      [3, 3],
      [2, 2],
    ])
    const rest = await memory.topology.history('s', { cursor })
    expect(rest).toMatchObject({ items: [{ version: 1, nodes: ['a'] }], cursor: undefined })
    expect(await memory.topology.get('s', { version: 2 })).toMatchObject({ nodes: ['a', 'b'] })
    expect(await memory.topology.get('s', { version: 4 })).toBeUndefined()
  })

  it('lists the latest version of every swarm, through all pages', async () => {
    const memory = await open()
    for (const swarmId of ['b', 'a', 'c', 'b', 'a', 'b']) {
      await memory.topology.save({ swarmId, topologyType: 'star', nodes: [swarmId] })
    }
    const first = await memory.topology.list({ limit: 2 })
    const second = await memory.topology.list({ limit: 2, cursor: first.cursor })
    expect(second.cursor).toBeUndefined()
    expect([...first.items, ...second.items].map(({ swarmId, version }) => `${swarmId}${version}`)).toEqual([
      'a2',
      'b3',
      'c1',
    ])
  })

  it('keeps the last 100 versions', async () => {
    const memory = await open()
    const save = () => memory.topology.save({ swarmId: 's', topologyType: 'star', nodes: ['a'] })
    await Promise.all(Array.from({ length: 103 }, save))
    const { items } = await memory.topology.history('s', { limit: 1000 })
    expect(items.map(({ version }) => version)).toEqual(Array.from({ length: 100 }, (_, i) => 103 - i))
    expect(await memory.topology.get('s', { version: 3 })).toBeUndefined()
  })

  it('saves on condition of the version, so that of two only one wins', async () => {
    const memory = await open()
    const save = (expectedVersion: number, ...nodes: string[]) =>
      memory.topology.save({ swarmId: 's', topologyType: 'star', nodes, expectedVersion })
    await save(0, 'a')
    await expect(save(0, 'b')).rejects.toMatchObject({ code: 'conflict', details: { version: 1 } })
    const results = await Promise.allSettled([save(1, 'x'), save(1, 'y')])
    const winners = ['x', 'y'].filter((_, i) => results[i]?.status === 'fulfilled')
    expect(winners).toHaveLength(1)
    expect(await memory.topology.get('s')).toMatchObject({ nodes: winners, version: 2 })
  })

  it('never uses a version twice, not even after a delete', async () => {
    const memory = await open()
    const save = async () =>
      (await memory.topology.save({ swarmId: 's', topologyType: 'star', nodes: ['a'] })).version
    const before = [await save(), await save()]
    expect(await memory.topology.delete('s')).toBe(true)
    expect(await memory.topology.delete('s')).toBe(false)
    expect(await memory.topology.history('s')).toEqual({ items: [], cursor: undefined })
    expect(await save()).toBeGreaterThan(Math.max(...before))
  })

  it('issues no version up to the floor, which a restore raises above all that were issued', async () => {
    const memory = await open()
    const save = () => memory.topology.save({ swarmId: 's', topologyType: 'star', nodes: ['a'] })
    await save()
    await memory.execute(`update hivewax_counters set value = 40 where name = 'floor'`)
    expect([(await save()).version, (await save()).version]).toEqual([41, 42])
  })

  it('finds neighbours, ways and parts as plain searches of the same graph do', async () => {
    const memory = await open()
    const count = 7
    // Few links leave parts; many make heaps deep and double the links.
    const link = fc.record({ from: fc.nat(count - 1), to: fc.nat(count - 1), weight: fc.nat(99) })
    const some = fc.array(link, { maxLength: 8 })
    const many = fc.array(link, { minLength: 12, maxLength: 40 })
    await fc.assert(
      fc.asyncProperty(fc.oneof(some, many), async links => {
        const nodes = letters(count)
        const edges = links.map(({ from, to, weight }) => ({ from: nodes[from]!, to: nodes[to]!, weight }))
        await memory.topology.save({ swarmId: 's', topologyType: 'custom', nodes, edges })
        const cost = allCosts(nodes, edges)
        for (const node of nodes) {
          const linked = nodes.filter(other =>
            edges.some(({ from, to }) => (from === node && to === other) || (to === node && from === other)),
          )
          expect(await memory.topology.neighbors('s', node)).toEqual(linked)
        }
        const parts = await memory.topology.components('s')
        expect(parts.flat().sort()).toEqual(nodes)
        for (const from of nodes) {
          const part = parts.find(part => part.includes(from))
          expect(part).toEqual(nodes.filter(to => Number.isFinite(cost(from, to))))
          for (const to of nodes) {
            const path = await memory.topology.path('s', from, to)
            expect(path === undefined ? Number.POSITIVE_INFINITY : costOf(path, edges)).toBe(cost(from, to))
            if (path !== undefined) expect([path[0], path.at(-1)]).toEqual([from, to])
          }
        }
      }),
      { numRuns: times(200) },
    )
  })

  it('prefers many cheap links to one dear one, and says when there is no way', async () => {
    const memory = await open()
    const edges: NewEdge[] = [
      { from: 'a', to: 'd', weight: 10 },
      { from: 'b', to: 'a', weight: 2 },
      ['b', 'c'],
      { from: 'd', to: 'c', weight: 0 },
    ]
    await memory.topology.save({ swarmId: 's', topologyType: 'custom', nodes: letters(5), edges })
    expect(await memory.topology.path('s', 'a', 'd')).toEqual(['a', 'b', 'c', 'd'])
    expect(await memory.topology.path('s', 'a', 'a')).toEqual(['a'])
    expect(await memory.topology.path('s', 'a', 'e')).toBeUndefined()
  })

  it('says which swarm or node is unknown', async () => {
    const memory = await open()
    await memory.topology.save({ swarmId: 's', topologyType: 'star', nodes: ['a'] })
    const missing = (what: string) => ({ code: 'not_found', message: expect.stringContaining(what) })
    await expect(memory.topology.components('none')).rejects.toMatchObject(missing('"none"'))
    await expect(memory.topology.neighbors('s', 'z')).rejects.toMatchObject(missing('"z"'))
    await expect(memory.topology.path('s', 'a', 'z')).rejects.toMatchObject(missing('"z"'))
    await expect(memory.topology.path('s', 'z', 'a')).rejects.toMatchObject(missing('"z"'))
  })

  it('reads what plain SQL inserted, and goes on from its version', async () => {
    const memory = await open()
    await memory.execute(
      `insert into swarm_topology (swarm_id, topology_type, nodes, edges)
       values ('s', 'star', '["a","b"]', '[["a","b"]]')`,
    )
    await memory.execute(
      `insert into swarm_topology (swarm_id, topology_type, nodes) values ('s', 'star', 'odd')`,
    )
    expect((await memory.topology.history('s')).items.map(({ nodes }) => nodes)).toEqual([[], ['a', 'b']])
    expect(await memory.topology.save({ swarmId: 's', topologyType: 'star', nodes: [] })).toMatchObject({
      version: 2,
    })
  })

  it('refuses what makes no sense', async () => {
    const memory = await open()
    const bad: Partial<Record<keyof NewTopology, unknown>>[] = [
      { swarmId: '' },
      { topologyType: 'cube' },
      { nodes: 'abc' },
      { nodes: ['a', 'a'] },
      { nodes: ['a', { id: 'a' }] },
      { nodes: [{ name: 'a' }] },
      { nodes: [null] },
      { nodes: [''] },
      { nodes: Array.from({ length: 10_001 }, (_, i) => `n${i}`) },
      { topologyType: 'mesh', nodes: Array.from({ length: 1_000 }, (_, i) => `n${i}`) },
      { edges: 'ab' },
      { edges: ['ab'] },
      { edges: [['a']] },
      { edges: [{ from: 'a', to: 'b', weight: -1 }] },
      { edges: [{ from: 'a', to: 'b', weight: Number.POSITIVE_INFINITY }] },
      { expectedVersion: -1 },
      { metadata: Number.NaN },
    ]
    for (const fault of bad) {
      const whole = { swarmId: 's', topologyType: 'custom', nodes: ['a', 'b'], ...fault } as NewTopology
      await expect(memory.topology.save(whole)).rejects.toMatchObject({ code: 'invalid_input' })
    }
    expect(await memory.topology.list()).toEqual({ items: [], cursor: undefined })
  })
})

interface Link {
  from: string
  to: string
  weight: number
}

/** Floyd and Warshall: the least cost between any two nodes. */
function allCosts(nodes: string[], edges: Link[]): (from: string, to: string) => number {
  const costs = new Map<string, number>()
  const cost = (from: string, to: string) =>
    from === to ? 0 : (costs.get(`${from} ${to}`) ?? Number.POSITIVE_INFINITY)
  const lower = (from: string, to: string, by: number) =>
    costs.set(`${from} ${to}`, Math.min(cost(from, to), by))
  for (const { from, to, weight } of edges) {
    lower(from, to, weight)
    lower(to, from, weight)
  }
  for (const via of nodes)
    for (const from of nodes) for (const to of nodes) lower(from, to, cost(from, via) + cost(via, to))
  return cost
}

/** What a path costs by its cheapest links; infinite when two of its nodes are not linked. */
function costOf(path: string[], edges: Link[]): number {
  return path.slice(1).reduce((sum, to, i) => {
    const joins = edges.filter(
      edge => (edge.from === path[i] && edge.to === to) || (edge.to === path[i] && edge.from === to),
    )
    return sum + Math.min(...joins.map(edge => edge.weight))
  }, 0)
}

function next(stream: fc.Stream<number>): number {
  return stream.next().value
}
