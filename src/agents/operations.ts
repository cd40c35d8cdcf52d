import { operation, type Zod } from '../operation.ts'
import { json, page, redaction } from '../schemas.ts'
import { agentMemoryVersionView, agentMemoryView, agentView, lapsedAgentView } from './views.ts'

const id = (z: Zod) => z.string().describe("The agent's id, 1 to 512 bytes")

const incarnation = (z: Zod) =>
  z
    .number()
    .int()
    .min(0)
    .optional()
    .describe('What register returned; refused when another process has registered the id since')

/** What an agent says of itself. */
const description = (z: Zod) => ({
  capabilities: z.array(z.string()).optional().describe('What it can do'),
  state: json(z, 'What it is doing: any JSON').optional(),
  metadata: json(z, 'Anything else worth keeping about it: any JSON').optional(),
})

export const agentsOperations = [
  operation({
    name: 'agents.register',
    summary: 'Register an agent, or register it anew',
    effect: 'write',
    permission: 'agents',
    reveals: 'nothing',
    positionals: ['id', 'type'],
    arguments: [],
    identities: { id: 'owner' },
    mcp: { tool: 'swarm_write', unlisted: ['metadata', 'state', 'swarmId', 'ttl'] },
    examples: [
      'hivewax agents register coder-1 coder --capabilities javascript --capabilities testing --swarm-id web-team',
      'hivewax agents register tester-1 tester --ttl 60',
    ],
    input: z =>
      z.object({
        id: id(z),
        type: z.string().describe('What kind of agent: coder, tester …'),
        ...description(z),
        swarmId: z.string().optional().describe('The swarm it belongs to'),
        ttl: z
          .number()
          .positive()
          .optional()
          .describe('Seconds without a sign of life after which it counts as gone; default: never'),
      }),
    run: (memory, agent) => memory.agents.register(agent),
  }),
  operation({
    name: 'agents.list',
    summary: 'List agents by id',
    effect: 'read',
    permission: 'memory:read',
    mcp: { tool: 'swarm_read', isDefault: true, unlisted: ['capabilities', 'type'] },
    view: agentView,
    examples: [
      'hivewax agents list',
      'hivewax agents list --swarm-id web-team --alive',
      'hivewax agents list --capabilities testing,javascript',
    ],
    input: z =>
      z.object({
        swarmId: z.string().optional().describe('Only agents of this swarm'),
        type: z.string().optional().describe('Only agents of this type'),
        capabilities: z.array(z.string()).optional().describe('Only agents that can do all of this'),
        alive: z
          .boolean()
          .optional()
          .describe('Only agents that are alive, or with false only those that are not'),
        ...page(z),
      }),
    run: (memory, filter, long) => memory.agents.list({ ...filter, signal: long?.signal }),
  }),
  operation({
    name: 'agents.get',
    summary: 'Show an agent',
    effect: 'read',
    permission: 'memory:read',
    positionals: ['id'],
    mcp: { tool: 'swarm_read' },
    examples: ['hivewax agents get coder-1'],
    input: z => z.object({ id: id(z) }),
    run: (memory, input) => memory.agents.get(input.id),
  }),
  operation({
    name: 'agents.work',
    summary: 'Show the running tasks and the locks of agents',
    effect: 'read',
    permission: 'memory:read',
    positionals: ['ids'],
    examples: ['hivewax agents work coder-1 tester-1'],
    input: z => z.object({ ids: z.array(z.string()).describe('The ids of the agents') }),
    run: async (memory, input) => Object.fromEntries(await memory.agents.work(input.ids)),
  }),
  operation({
    name: 'agents.heartbeat',
    summary: 'Give a sign of life for an agent, so that it stays alive for another ttl',
    effect: 'write',
    permission: 'agents',
    reveals: 'memory:read',
    isIdempotent: true,
    positionals: ['id'],
    identities: { id: 'owner' },
    mcp: { tool: 'swarm_write', unlisted: ['incarnation'] },
    examples: ['hivewax agents heartbeat tester-1'],
    input: z =>
      z.object({
        id: id(z),
        incarnation: incarnation(z),
      }),
    run: (memory, { id, ...options }) => memory.agents.heartbeat(id, options),
  }),
  operation({
    name: 'agents.update',
    summary: "Set an agent's state, metadata or capabilities",
    effect: 'write',
    permission: 'agents',
    reveals: 'memory:read',
    positionals: ['id'],
    identities: { id: 'owner' },
    mcp: { tool: 'swarm_write', unlisted: ['metadata', 'state'] },
    examples: ['hivewax agents update coder-1 --state \'{"task":"add-login","progress":45}\''],
    input: z => z.object({ id: id(z), ...description(z) }),
    run: (memory, { id, ...patch }) => memory.agents.update(id, patch),
  }),
  operation({
    name: 'agents.delete',
    summary: 'Delete an agent',
    effect: 'destroy',
    permission: 'agents',
    reveals: 'nothing',
    positionals: ['id'],
    identities: { id: 'owner' },
    mcp: { tool: 'forget', unlisted: ['cascade'] },
    examples: ['hivewax agents delete tester-1', 'hivewax agents delete coder-1 --cascade'],
    input: z =>
      z.object({
        id: id(z),
        cascade: z
          .boolean()
          .optional()
          .describe(
            'Delete its memory, for which a token needs memory:delete too, and end its leases; else it is refused when it has any',
          ),
      }),
    // Its memory goes with it.
    needs: ({ cascade = false }) => (cascade ? ['memory:delete'] : []),
    run: (memory, { id, ...options }) => memory.agents.delete(id, options),
  }),
  operation({
    name: 'agents.releaseLapsed',
    summary: 'Release what agents hold that have lapsed, so that others can take over',
    effect: 'write',
    permission: 'agents',
    reveals: 'nothing',
    view: lapsedAgentView,
    examples: ['hivewax agents release-lapsed'],
    input: z => z.object({}),
    run: memory => memory.agents.releaseLapsed(),
  }),
  operation({
    name: 'agents.release',
    summary: 'End the life of an agent now, and release what it holds',
    effect: 'write',
    permission: 'agents',
    reveals: 'nothing',
    positionals: ['id'],
    identities: { id: 'owner' },
    examples: ['hivewax agents release coder-1'],
    input: z =>
      z.object({
        id: id(z),
        incarnation: incarnation(z),
      }),
    run: (memory, { id, ...options }) => memory.agents.release(id, options),
  }),
  operation({
    name: 'agents.storeMemory',
    summary: "Store a value under a key of an agent's own memory, replacing what was there",
    effect: 'write',
    permission: 'memory:write',
    reveals: 'nothing',
    positionals: ['agentId', 'key', 'value'],
    identities: { agentId: 'owner' },
    mcp: { tool: 'remember' },
    examples: ['hivewax agents store-memory coder-1 reviews \'[{"file":"login.ts","ok":true}]\''],
    input: z =>
      z.object({
        agentId: id(z),
        key: z.string().describe('1 to 512 bytes'),
        value: json(z, 'JSON; on a command line plain text is a string'),
      }),
    run: (memory, { agentId, key, value }) => memory.agents.storeMemory(agentId, key, value),
  }),
  operation({
    name: 'agents.retrieveMemory',
    summary: "Print the value of a key of an agent's own memory",
    effect: 'read',
    permission: 'memory:read',
    result: 'value',
    positionals: ['agentId', 'key'],
    mcp: { tool: 'recall' },
    examples: ['hivewax agents retrieve-memory coder-1 reviews'],
    input: z => z.object({ agentId: id(z), key: z.string().describe('1 to 512 bytes') }),
    run: (memory, { agentId, key }) => memory.agents.retrieveMemory(agentId, key),
  }),
  operation({
    name: 'agents.listMemory',
    summary: "List an agent's own memory by key",
    effect: 'read',
    permission: 'memory:read',
    positionals: ['agentId'],
    mcp: { tool: 'recall' },
    view: agentMemoryView,
    examples: ['hivewax agents list-memory coder-1', "hivewax agents list-memory coder-1 --glob 're*'"],
    input: z =>
      z.object({
        agentId: id(z),
        glob: z.string().optional().describe('Only keys that match; *, ? and […] are wildcards'),
        ...page(z),
      }),
    run: (memory, { agentId, ...filter }) => memory.agents.listMemory(agentId, filter),
  }),
  operation({
    name: 'agents.memoryHistory',
    summary: "List the changes of a key of an agent's own memory, latest first",
    effect: 'read',
    permission: 'memory:read',
    positionals: ['agentId', 'key'],
    mcp: { tool: 'state_read' },
    view: agentMemoryVersionView,
    examples: ['hivewax agents memory-history coder-1 reviews'],
    input: z => z.object({ agentId: id(z), key: z.string().describe('1 to 512 bytes'), ...page(z) }),
    run: (memory, { agentId, key, ...options }) => memory.agents.memoryHistory(agentId, key, options),
  }),
  operation({
    name: 'agents.revertMemory',
    summary: "Store again what a key of an agent's own memory held at an earlier revision",
    effect: 'write',
    permission: 'memory:write',
    reveals: 'nothing',
    positionals: ['agentId', 'key'],
    identities: { agentId: 'owner' },
    mcp: { tool: 'state_write' },
    examples: ['hivewax agents revert-memory coder-1 reviews --revision 1'],
    input: z =>
      z.object({
        agentId: id(z),
        key: z.string().describe('1 to 512 bytes'),
        revision: z.number().int().min(1).describe('The revision whose value is to be stored again'),
      }),
    run: (memory, { agentId, key, ...options }) => memory.agents.revertMemory(agentId, key, options),
  }),
  operation({
    name: 'agents.redactMemory',
    summary: "Remove for good what a key of an agent's own memory holds and has held",
    effect: 'destroy',
    permission: 'admin',
    reveals: 'nothing',
    positionals: ['agentId', 'key'],
    identities: { agentId: 'owner' },
    examples: ['hivewax agents redact-memory coder-1 reviews --yes'],
    input: z => z.object({ agentId: id(z), key: z.string().describe('1 to 512 bytes'), ...redaction(z) }),
    run: (memory, { agentId, key, ...options }) => memory.agents.redactMemory(agentId, key, options),
  }),
  operation({
    name: 'agents.deleteMemory',
    summary: "Delete a key of an agent's own memory",
    effect: 'destroy',
    permission: 'memory:delete',
    reveals: 'nothing',
    positionals: ['agentId', 'key'],
    identities: { agentId: 'owner' },
    mcp: { tool: 'forget' },
    examples: ['hivewax agents delete-memory coder-1 reviews'],
    input: z => z.object({ agentId: id(z), key: z.string().describe('1 to 512 bytes') }),
    run: (memory, { agentId, key }) => memory.agents.deleteMemory(agentId, key),
  }),
]
