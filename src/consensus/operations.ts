import { operation, type Zod } from '../operation.ts'
import { json, page, timeOrDuration } from '../schemas.ts'
import { consensusStatuses } from './consensus-state.ts'
import { quorumRules } from './quorum.ts'
import { consensusView, voteView } from './views.ts'

const key = (z: Zod) => z.string().describe('What it is about, 1 to 512 bytes')

const vote = (z: Zod) =>
  z.object({
    key: key(z),
    voter: z.string().optional().describe('Who votes; default: the agent of the handle'),
    ballot: z.number().int().min(1).optional().describe('Refuse unless this is still the version to vote on'),
  })

export const consensusOperations = [
  operation({
    name: 'consensus.propose',
    summary: 'Propose a value for others to agree on',
    effect: 'write',
    permission: 'consensus',
    // What was decided under the key.
    reveals: 'memory:read',
    positionals: ['key', 'value'],
    arguments: ['key'],
    identities: { proposer: 'actor', acceptors: 'actor', voters: 'other', weights: 'other' },
    mcp: { tool: 'swarm_write', unlisted: ['weights', 'deadline', 'allowMinority', 'acceptors', 'proposer'] },
    examples: [
      'hivewax consensus propose ship-v2 true --voters agent-1,agent-2,agent-3 --deadline 5m',
      'hivewax consensus propose release true --weights lead=3,coder-1=1,coder-2=1 --quorum two-thirds',
      'hivewax consensus propose leader coder-1 --proposer lead-1 --acceptors agent-1,agent-2',
    ],
    input: z =>
      z.object({
        key: key(z),
        value: json(z, 'JSON; on a command line plain text is a string'),
        proposer: z.string().optional().describe('Who proposes; default: the agent of the handle'),
        acceptors: z.array(z.string()).optional().describe('Who accepts already'),
        voters: z
          .array(z.string())
          .optional()
          .describe('Who may vote; without them anybody accepts and nothing is ever decided'),
        weights: z
          .record(z.string(), z.number().int().min(1))
          .optional()
          .describe('What votes count, by voter; 1 for the others; default of voters: those named here'),
        quorum: z
          .union([z.number().int().min(1), z.enum(quorumRules)])
          .optional()
          .describe('How many votes decide: a number, majority (the default), two-thirds or all'),
        deadline: timeOrDuration(
          z,
          'Until when votes count: a time, or a length of time from now',
        ).optional(),
        allowMinority: z.boolean().optional().describe('Allow a quorum of half of the votes or fewer'),
      }),
    holds: ({ key }) => [{ kind: 'vote', name: key }],
    run: (memory, { key, ...proposal }) => memory.consensus.propose(key, proposal),
  }),
  operation({
    name: 'consensus.accept',
    summary: 'Vote for a proposal',
    effect: 'write',
    permission: 'consensus',
    reveals: 'memory:read',
    positionals: ['key'],
    identities: { voter: 'actor' },
    mcp: { tool: 'swarm_write', unlisted: ['ballot'] },
    examples: ['hivewax consensus accept ship-v2 --voter agent-1'],
    input: vote,
    run: (memory, { key, ...vote }) => memory.consensus.accept(key, vote),
  }),
  operation({
    name: 'consensus.reject',
    summary: 'Vote against a proposal',
    effect: 'write',
    permission: 'consensus',
    reveals: 'memory:read',
    positionals: ['key'],
    identities: { voter: 'actor' },
    mcp: { tool: 'swarm_write', unlisted: ['ballot'] },
    examples: ['hivewax consensus reject ship-v2 --voter agent-2'],
    input: vote,
    run: (memory, { key, ...vote }) => memory.consensus.reject(key, vote),
  }),
  operation({
    name: 'consensus.get',
    summary: 'Show a proposal and its votes',
    effect: 'read',
    permission: 'memory:read',
    positionals: ['key'],
    mcp: { tool: 'swarm_read' },
    examples: ['hivewax consensus get ship-v2'],
    input: z => z.object({ key: key(z) }),
    run: (memory, { key }) => memory.consensus.get(key),
  }),
  operation({
    name: 'consensus.list',
    summary: 'List proposals by key',
    effect: 'read',
    permission: 'memory:read',
    mcp: { tool: 'swarm_read' },
    view: consensusView,
    examples: ['hivewax consensus list --status open'],
    input: z =>
      z.object({
        status: z.enum(consensusStatuses).optional().describe('Only proposals that stand so'),
        ...page(z),
      }),
    run: (memory, filter) => memory.consensus.list(filter),
  }),
  operation({
    name: 'consensus.votes',
    summary: 'List the votes on a key, by ballot and voter',
    effect: 'read',
    permission: 'memory:read',
    positionals: ['key'],
    view: voteView,
    examples: ['hivewax consensus votes ship-v2'],
    input: z =>
      z.object({
        key: key(z),
        ballot: z.number().int().min(1).optional().describe('Only votes of this version'),
        ...page(z),
      }),
    run: (memory, { key, ...filter }) => memory.consensus.votes(key, filter),
  }),
  operation({
    name: 'consensus.wait',
    summary: 'Wait until a vote has ended: decided, rejected or expired',
    effect: 'read',
    permission: 'consensus',
    reveals: 'memory:read',
    positionals: ['key'],
    examples: ['hivewax consensus wait ship-v2 --timeout-ms 60s'],
    input: z =>
      z.object({
        key: key(z),
        timeoutMs: z.number().int().min(0).optional().describe('How long at most; default: for ever'),
      }),
    run: (memory, { key, ...options }, long) =>
      memory.consensus.wait(key, { ...options, signal: long?.signal }),
  }),
  operation({
    name: 'consensus.delete',
    summary: 'Delete a proposal with its votes',
    effect: 'destroy',
    permission: 'consensus',
    // What was decided, where it is not deleted for that.
    reveals: 'memory:read',
    positionals: ['key'],
    mcp: { tool: 'forget', unlisted: ['force'] },
    examples: ['hivewax consensus delete ship-v2', 'hivewax consensus delete ship-v2 --force'],
    input: z =>
      z.object({
        key: key(z),
        force: z.boolean().optional().describe('Delete it although it is decided'),
      }),
    holds: ({ key }) => [{ kind: 'vote', name: key }],
    run: (memory, { key, ...options }) => memory.consensus.delete(key, options),
  }),
]
