import fc from 'fast-check'
import { expect, it } from 'vitest'
import { buildGraph } from '../../src/topology/build.ts'
import type { Graph } from '../../src/topology/node-graph.ts'
import { type TopologyType, topologyTypes } from '../../src/topology/shapes.ts'
import type { SwarmTopology } from '../../src/topology/versions.ts'
import { chunks } from '../../src/util/chunks.ts'
import { TestClock } from '../support/clock.ts'
import { conform } from './conform.ts'

const letters = (count: number) => Array.from({ length: count }, (_, i) => String.fromCharCode(97 + i))

/** The links in their order: `ab bc:2`, the weight after the colon. */
function links({ edges }: Graph): string {
  return edges
    .map(({ from, to, weight }) => `${from}${to}${weight === undefined ? '' : `:${weight}`}`)
    .join(' ')
}

/** Links from such a text. */
function edgesOf(text: string) {
  return text.split(' ').map(link => {
    const [pair = '', weight] = link.split(':')
    const edge = { from: pair[0]!, to: pair[1]! }
    return weight === undefined ? edge : { ...edge, weight: Number(weight) }
  })
}

conform('topology repair', (open, times) => {
  it.each<[what: string, type: TopologyType, before: string, lost: string, after: string]>([
    ['a star loses a leaf', 'star', 'ab ac:2 ad', 'b', 'ac:2 ad'],
    ['the first node left succeeds the hub of a star', 'star', 'ab:1 ac:2 ad:3', 'a', 'bc:2 bd:3'],
    ['either end of two may be the hub', 'star', 'ba', 'a', ''],
    ['a ring closes over the gap', 'ring', 'ab:1 bc:2 cd:3 da:4', 'b', 'ac:2 cd:3 da:4'],
    ['a ring closes over its first node', 'ring', 'ab:1 bc:2 cd:3 da:4', 'a', 'bc:2 cd:3 db:4'],
    ['a ring of three becomes a link', 'ring', 'ab bc:2 ca:3', 'b', 'ca:3'],
    ['a ring of two becomes a node', 'ring', 'ab', 'b', ''],
    ['a mesh loses the links of the node', 'mesh', 'ab ac ad bc bd cd:2', 'b', 'ac ad cd:2'],
    ['children go to the parent of the lost', 'hierarchical', 'ab ac bd:2 be:3 df', 'b', 'ac ad:2 ae:3 df'],
    ['the first child succeeds the root', 'hierarchical', 'ac:1 ab:2 ad:3', 'a', 'bc:1 bd:3'],
    ['a leaf falls from a tree', 'hierarchical', 'ab ac', 'c', 'ab'],
    ['a custom graph falls apart', 'custom', 'ab:1 bc ab bb cc', 'b', 'cc'],
  ])('mends what is lost: %s', async (_, topologyType, before, lost, after) => {
    const clock = new TestClock()
    const memory = await open({ clock })
    const edges = edgesOf(before)
    const nodes = [...new Set(before.replace(/[^a-z]/g, ''))].sort()
    await memory.topology.save({ swarmId: 's', topologyType, nodes, edges, metadata: 'kept' })
    clock.advance(1000)
    const mended = await memory.as('me').topology.removeNode('s', lost)
    expect(links(mended)).toBe(after)
    expect(mended).toMatchObject({
      nodes: nodes.filter(node => node !== lost),
      metadata: 'kept',
      version: 2,
      createdAt: new Date(clock.now()),
    })
    expect(await memory.topology.get('s')).toEqual(mended)
    const { items } = await memory.events.list({ types: ['topology.repaired'] })
    expect(items).toMatchObject([
      { source: 'me', data: { swarmId: 's', version: 2, topologyType, lost: [lost] } },
    ])
  })

  it('says in the event who is in the middle now, and into how many parts it fell', async () => {
    const memory = await open()
    await memory.topology.save({ swarmId: 's', topologyType: 'star', nodes: ['a', 'b', 'c'] })
    await memory.topology.save({
      swarmId: 't',
      topologyType: 'custom',
      nodes: ['a', 'b', 'c'],
      edges: edgesOf('ba bc'),
    })
    await memory.topology.removeNode('s', 'a')
    await memory.topology.removeNode('t', 'b')
    const { items } = await memory.events.list({ types: ['topology.repaired'] })
    expect(items.map(event => event.data)).toMatchObject([
      { center: 'b', componentCount: 1 },
      { center: null, componentCount: 2 },
    ])
    expect(await memory.topology.components('t')).toEqual([['a'], ['c']])
  })

  it.each<TopologyType>(['star', 'ring', 'hierarchical'])(
    'is mended in time when thousands of a %s lapse at once',
    async topologyType => {
      const clock = new TestClock()
      const memory = await open({ clock })
      // A server is told of each by a call, and mends what it has beside it: a fifth will do there.
      const nodes = Array.from({ length: Math.min(2_000, times(100_000)) }, (_, i) => `n${i}`)
      // A server gives up on connections that have to wait for long, as thousands at once would.
      for (const part of chunks(nodes, 100))
        await Promise.all(part.map(id => memory.agents.register({ id, type: 'coder', ttl: 10 })))
      await memory.topology.save({ swarmId: 's', topologyType, nodes: [...nodes, 'last'] })
      clock.advance(10_000)
      expect(await memory.agents.releaseLapsed()).toHaveLength(nodes.length)
      expect(await memory.topology.get('s')).toMatchObject({ nodes: ['last'], edges: [] })
    },
    180_000,
  )

  it.each<[type: TopologyType, before: string, after: string]>([
    ['star', 'ba bc', 'ba bc bn'],
    ['ring', 'ab bc ca:5', 'ab bc cn:5 na'],
    ['ring', 'ab:5', 'ab:5 bn na'],
    ['mesh', 'ab ac bc', 'ab ac bc an bn cn'],
    ['hierarchical', 'ab ac bd', 'ab ac bd bn'],
    ['hierarchical', 'ab ac bd be', 'ab ac bd be cn'],
    ['custom', 'ab', 'ab'],
  ])('links a new node of a %s as the type asks for: %s becomes %s', async (topologyType, before, after) => {
    const memory = await open()
    const nodes = [...new Set(before.replace(/[^a-z]/g, ''))].sort()
    await memory.topology.save({ swarmId: 's', topologyType, nodes, edges: edgesOf(before), metadata: 1 })
    const joined = await memory.topology.addNode('s', { id: 'n', role: 'new' })
    expect(links(joined)).toBe(after)
    expect(joined).toMatchObject({ nodes: [...nodes, { id: 'n', role: 'new' }], version: 2, metadata: 1 })
  })

  it('takes the links of a new node from the caller, if the form allows them', async () => {
    const memory = await open()
    await memory.topology.save({ swarmId: 's', topologyType: 'hierarchical', nodes: ['a', 'b', 'c'] })
    const added = await memory.topology.addNode('s', 'd', { edges: [{ from: 'c', to: 'd', weight: 2 }] })
    expect(links(added)).toBe('ab ac cd:2')
    const orphan = memory.topology.addNode('s', 'e', { edges: [] })
    await expect(orphan).rejects.toMatchObject({ code: 'invalid_input' })
    expect(await memory.topology.get('s')).toEqual(added)
  })

  it('stays valid for its type after any joins and losses, one version for each', async () => {
    const memory = await open()
    const step = fc.record({ lose: fc.boolean(), pick: fc.nat(), weight: fc.option(fc.nat(9)) })
    const setup = fc.record({
      type: fc.constantFrom<TopologyType>(...topologyTypes),
      count: fc.nat(6),
      steps: fc.array(step, { maxLength: 12 }),
    })
    let run = 0
    const check = async ({ type, count, steps }: typeof setup extends fc.Arbitrary<infer T> ? T : never) => {
      const swarmId = `swarm-${run++}`
      let now = await memory.topology.save({ swarmId, topologyType: type, nodes: letters(count) })
      for (const [i, { lose, pick }] of steps.entries()) {
        const ids = now.nodes.map(String)
        const gone = ids[pick % Math.max(1, ids.length)]
        const change =
          lose && gone !== undefined
            ? memory.topology.removeNode(swarmId, gone)
            : memory.topology.addNode(swarmId, `n${i}`)
        const next: SwarmTopology = await change
        expect(next.version).toBe(now.version + 1)
        expect(next.nodes).toEqual(
          lose && gone !== undefined ? ids.filter(id => id !== gone) : [...ids, `n${i}`],
        )
        buildGraph(type, next.nodes, next.edges)
        now = next
      }
      expect(await memory.topology.get(swarmId)).toEqual(now)
    }
    await fc.assert(fc.asyncProperty(setup, check), { numRuns: times(150) })
  })

  it('refuses unknown swarms and nodes, nodes that are there, and a version that has moved on', async () => {
    const memory = await open()
    const { topology } = memory
    await expect(topology.addNode('none', 'a')).rejects.toMatchObject({ code: 'not_found' })
    await expect(topology.removeNode('none', 'a')).rejects.toMatchObject({ code: 'not_found' })
    await topology.save({ swarmId: 's', topologyType: 'star', nodes: ['a', { id: 'b' }] })
    await expect(topology.removeNode('s', 'c')).rejects.toMatchObject({ code: 'not_found' })
    await expect(topology.addNode('s', 'b')).rejects.toMatchObject({ code: 'conflict' })
    await expect(topology.addNode('s', '')).rejects.toMatchObject({ code: 'invalid_input' })
    const late = { expectedVersion: 2 }
    const conflict = { code: 'conflict', details: { version: 1 } }
    await expect(topology.addNode('s', 'c', late)).rejects.toMatchObject(conflict)
    await expect(topology.removeNode('s', 'a', late)).rejects.toMatchObject(conflict)
    const both = await Promise.allSettled(
      ['x', 'y'].map(node => topology.addNode('s', node, { expectedVersion: 1 })),
    )
    // Whichever of them was first.
    expect(both.map(result => result.status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(await topology.get('s')).toMatchObject({ version: 2 })
    expect(await memory.events.count({ types: ['topology.repaired'] })).toBe(0)
  })

  it('takes an agent out of what plain SQL inserted, odd as it may be, and leaves what only looks like it', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    await memory.registerAgent({ id: 'a', type: 'x', ttl: 1 })
    await memory.execute(`insert into swarm_topology (swarm_id, topology_type, nodes, edges) values
      ('cube', 'cube', '["a", null, 7, ["a"], "b"]', '[["a","b"], null, 1, {"from":"b","to":"b"}]'),
      ('tree', 'hierarchical', '["a","b"]', '[["a","b"],["b","a"]]'),
      ('text', 'star', 'about "a"', null),
      ('role', 'star', '[{"id":"b","role":"a"}]', '[]'),
      ('twice', 'star', '["a"]', null),
      ('twice', 'star', '["b"]', null)`)
    clock.advance(1000)
    expect(await memory.agents.releaseLapsed()).toMatchObject([{ topologies: ['cube', 'tree'] }])
    expect(await memory.topology.get('cube')).toMatchObject({ nodes: ['b'], edges: [{ from: 'b', to: 'b' }] })
    expect(await memory.topology.get('tree')).toMatchObject({ nodes: ['b'], edges: [] })
  })
})
