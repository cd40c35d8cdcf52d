import { operation, type Zod } from '../operation.ts'
import { json, page } from '../schemas.ts'
import type { Json } from '../util/json.ts'
import { topologyTypes } from './shapes.ts'
import { topologyView } from './views.ts'

const swarmId = (z: Zod) => z.string().describe('The swarm, 1 to 512 bytes')
const node = (z: Zod, description: string) => z.string().describe(description)

const expectedVersion = (z: Zod) =>
  z.number().int().min(0).optional().describe('Refuse unless this is the latest version (0: there is none)')

const member = (z: Zod) => z.union([z.string(), z.object({ id: z.string() }).catchall(z.custom<Json>())])

const nodes = (z: Zod) => z.array(member(z)).describe('The members: ids, or objects with an id and more')

const edges = (z: Zod, description: string) =>
  z
    .array(
      z.union([
        z.tuple([z.string(), z.string()]),
        z
          .object({ from: z.string(), to: z.string(), weight: z.number().min(0).exactOptional() })
          .catchall(z.custom<Json>()),
      ]),
    )
    .optional()
    .describe(`${description}: [from, to] or { from, to, weight }; default: those of the type`)

export const topologyOperations = [
  operation({
    name: 'topology.save',
    summary: 'Save how a swarm is wired, as a new version',
    effect: 'write',
    permission: 'memory:write',
    reveals: 'nothing',
    positionals: ['swarmId', 'topologyType', 'nodes'],
    arguments: [],
    records: ['nodes', 'edges'],
    examples: [
      'hivewax topology save web-team star lead-1 coder-1 tester-1',
      'hivewax topology save web-team custom a b c --edges \'[["a","b"],{"from":"b","to":"c","weight":2}]\'',
    ],
    input: z =>
      z.object({
        swarmId: swarmId(z),
        topologyType: z.enum(topologyTypes).describe('The form that the links must have; custom: any'),
        nodes: nodes(z),
        edges: edges(z, 'The links'),
        metadata: json(z, 'JSON kept beside it').optional(),
        expectedVersion: expectedVersion(z),
      }),
    run: (memory, topology) => memory.topology.save(topology),
  }),
  operation({
    name: 'topology.addNode',
    summary: 'Add a node to a swarm, linked as its type asks for, as a new version',
    effect: 'write',
    permission: 'memory:write',
    reveals: 'memory:read',
    positionals: ['swarmId', 'node'],
    records: ['node', 'edges'],
    examples: [
      'hivewax topology add-node web-team reviewer-1',
      'hivewax topology add-node web-team d --edges \'[{"from":"c","to":"d","weight":2}]\'',
    ],
    input: z =>
      z.object({
        swarmId: swarmId(z),
        node: member(z).describe('The id of the node, or an object with the id and more'),
        edges: edges(z, 'Its links'),
        expectedVersion: expectedVersion(z),
      }),
    run: (memory, { swarmId, node, ...options }) => memory.topology.addNode(swarmId, node, options),
  }),
  operation({
    name: 'topology.removeNode',
    summary: 'Take a node out of a swarm and mend the form of the rest, as a new version',
    effect: 'write',
    permission: 'memory:write',
    reveals: 'memory:read',
    positionals: ['swarmId', 'node'],
    examples: ['hivewax topology remove-node web-team tester-1'],
    input: z =>
      z.object({
        swarmId: swarmId(z),
        node: node(z, 'The id of the node'),
        expectedVersion: expectedVersion(z),
      }),
    run: (memory, { swarmId, node, ...options }) => memory.topology.removeNode(swarmId, node, options),
  }),
  operation({
    name: 'topology.get',
    summary: 'Show how a swarm is wired',
    effect: 'read',
    permission: 'memory:read',
    positionals: ['swarmId', 'version'],
    arguments: ['swarmId'],
    mcp: { tool: 'swarm_read', unlisted: ['version'] },
    examples: ['hivewax topology get web-team', 'hivewax topology get web-team 2'],
    input: z =>
      z.object({
        swarmId: swarmId(z),
        version: z
          .number()
          .int()
          .min(1)
          .optional()
          .describe('One of its former versions; default: the latest'),
      }),
    run: (memory, { swarmId, ...options }) => memory.topology.get(swarmId, options),
  }),
  operation({
    name: 'topology.list',
    summary: 'List the latest topology of every swarm',
    effect: 'read',
    permission: 'memory:read',
    view: topologyView,
    examples: ['hivewax topology list'],
    input: z => z.object(page(z)),
    run: (memory, options) => memory.topology.list(options),
  }),
  operation({
    name: 'topology.history',
    summary: "List the last 100 versions of a swarm's topology, the latest first",
    effect: 'read',
    permission: 'memory:read',
    positionals: ['swarmId'],
    view: topologyView,
    examples: ['hivewax topology history web-team'],
    input: z => z.object({ swarmId: swarmId(z), ...page(z) }),
    run: (memory, { swarmId, ...options }) => memory.topology.history(swarmId, options),
  }),
  operation({
    name: 'topology.neighbors',
    summary: 'List the nodes that a node is linked to',
    effect: 'read',
    permission: 'memory:read',
    positionals: ['swarmId', 'node'],
    examples: ['hivewax topology neighbors web-team lead-1'],
    input: z => z.object({ swarmId: swarmId(z), node: node(z, 'The id of the node') }),
    run: (memory, { swarmId, node }) => memory.topology.neighbors(swarmId, node),
  }),
  operation({
    name: 'topology.path',
    summary: 'Find the shortest way from node to node',
    effect: 'read',
    permission: 'memory:read',
    positionals: ['swarmId', 'from', 'to'],
    examples: ['hivewax topology path web-team coder-1 tester-1'],
    input: z =>
      z.object({ swarmId: swarmId(z), from: node(z, 'Where it begins'), to: node(z, 'Where it ends') }),
    run: (memory, { swarmId, from, to }) => memory.topology.path(swarmId, from, to),
  }),
  operation({
    name: 'topology.components',
    summary: 'List the parts of a swarm that no link joins',
    effect: 'read',
    permission: 'memory:read',
    positionals: ['swarmId'],
    examples: ['hivewax topology components web-team'],
    input: z => z.object({ swarmId: swarmId(z) }),
    run: (memory, { swarmId }) => memory.topology.components(swarmId),
  }),
  operation({
    name: 'topology.delete',
    summary: "Delete a swarm's topology with its history",
    effect: 'destroy',
    permission: 'memory:delete',
    reveals: 'nothing',
    positionals: ['swarmId'],
    examples: ['hivewax topology delete web-team'],
    input: z => z.object({ swarmId: swarmId(z) }),
    run: (memory, { swarmId }) => memory.topology.delete(swarmId),
  }),
]
