import { operation, type Zod } from '../operation.ts'
import { page } from '../schemas.ts'
import type { LockKey } from './locks.ts'
import { lockView } from './views.ts'

const name = (z: Zod) => z.string().describe("The lock's name, 1 to 512 bytes")

/** What proves that one holds a lock. */
const key = (z: Zod) => ({
  name: name(z),
  token: z.number().int().min(0).describe('The token that acquire gave'),
})

const leaseMs = (z: Zod) =>
  z.number().int().min(1).optional().describe('How long it is held unless renewed, in ms; default 1800000')

export const locksOperations = [
  operation({
    name: 'locks.acquire',
    summary: 'Take a lock that is free, and print its fencing token',
    effect: 'write',
    permission: 'tasks',
    reveals: 'nothing',
    positionals: ['name'],
    identities: { owner: 'actor' },
    lease: 'leaseMs',
    keep: lock => {
      const { name, token } = lock as LockKey
      return async (memory, leaseMs) => (await memory.locks.renew({ name, token, leaseMs })).token === token
    },
    giveBack: lock => {
      const { name, token } = lock as LockKey
      return memory => memory.locks.release({ name, token })
    },
    mcp: { tool: 'swarm_write', unlisted: ['owner', 'waitMs', 'delayMs'] },
    examples: [
      'hivewax locks acquire deploy --owner coder-1',
      'hivewax locks acquire deploy --lease-ms 60000 --wait-ms 5000',
    ],
    input: z =>
      z.object({
        name: name(z),
        owner: z.string().optional().describe('Who wants it; default: the acting agent, else this process'),
        leaseMs: leaseMs(z),
        waitMs: z.number().int().min(0).optional().describe('How long to wait while it is held; default 0'),
        delayMs: z
          .number()
          .int()
          .min(0)
          .optional()
          .describe('How long others must wait besides, should the lease lapse without a release; default 0'),
      }),
    run: (memory, { name, ...options }) => memory.locks.acquire(name, options),
  }),
  operation({
    name: 'locks.renew',
    summary: 'Hold on to a lock',
    effect: 'write',
    permission: 'tasks',
    reveals: 'nothing',
    isIdempotent: true,
    positionals: ['name', 'token'],
    arguments: [],
    lease: 'leaseMs',
    mcp: { tool: 'swarm_write' },
    examples: ['hivewax locks renew deploy 1 --lease-ms 60000'],
    input: z => z.object({ ...key(z), leaseMs: leaseMs(z) }),
    holds: ({ name, token }) => [{ kind: 'lock', name, token }],
    run: (memory, input) => memory.locks.renew(input),
  }),
  operation({
    name: 'locks.release',
    summary: 'Give a lock back',
    effect: 'write',
    permission: 'tasks',
    reveals: 'nothing',
    positionals: ['name', 'token'],
    arguments: [],
    mcp: { tool: 'swarm_write' },
    examples: ['hivewax locks release deploy 1'],
    input: z => z.object(key(z)),
    holds: ({ name, token }) => [{ kind: 'lock', name, token }],
    run: (memory, input) => memory.locks.release(input),
  }),
  operation({
    name: 'locks.check',
    summary: 'Tell whether a token still holds its lock',
    effect: 'read',
    permission: 'memory:read',
    positionals: ['name', 'token'],
    arguments: [],
    examples: ['hivewax locks check deploy 1'],
    input: z => z.object(key(z)),
    run: (memory, input) => memory.locks.check(input),
  }),
  operation({
    name: 'locks.get',
    summary: 'Show who holds a lock',
    effect: 'read',
    permission: 'memory:read',
    fenced: 'record',
    positionals: ['name'],
    mcp: { tool: 'swarm_read' },
    examples: ['hivewax locks get deploy'],
    input: z => z.object({ name: name(z) }),
    run: (memory, { name }) => memory.locks.get(name),
  }),
  operation({
    name: 'locks.list',
    summary: 'List the locks that are held',
    effect: 'read',
    permission: 'memory:read',
    fenced: 'items',
    mcp: { tool: 'swarm_read' },
    view: lockView,
    examples: ['hivewax locks list'],
    input: z => z.object(page(z)),
    run: (memory, options) => memory.locks.list(options),
  }),
  operation({
    name: 'locks.leader',
    summary: 'Show who leads, and its term',
    effect: 'read',
    permission: 'memory:read',
    positionals: ['name'],
    mcp: { tool: 'swarm_read' },
    examples: ['hivewax locks leader scheduler'],
    input: z => z.object({ name: z.string().describe("The election's name, which is that of its lock") }),
    run: (memory, { name }) => memory.locks.leader(name),
  }),
]
