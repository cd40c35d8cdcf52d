import { operation, type Zod } from '../operation.ts'
import { page } from '../schemas.ts'
import type { Reserved } from './reservations.ts'
import { reservationView } from './views.ts'

const globs = (z: Zod) =>
  z.array(z.string()).describe("Files by path or glob, from the project's folder on: src/mcp/** or README.md")

const leaseMs = (z: Zod) =>
  z.number().int().min(1).optional().describe('How long they are reserved unless renewed; default 30 min')

const owner = (z: Zod) =>
  z.string().optional().describe('Who has them; default: the acting agent, else the account')

export const reservationsOperations = [
  operation({
    name: 'reservations.reserve',
    summary: 'Reserve files while you work on them, all or none',
    effect: 'write',
    permission: 'tasks',
    reveals: 'memory:read',
    positionals: ['globs'],
    identities: { owner: 'actor' },
    lease: 'leaseMs',
    keep: reserved => {
      const { token } = reserved as Reserved
      return async (memory, leaseMs) => (await memory.reservations.renew({ token, leaseMs })).length > 0
    },
    giveBack: reserved => {
      const { token, owner } = reserved as Reserved
      return memory => memory.reservations.release({ token, owner })
    },
    mcp: { tool: 'swarm_write', unlisted: ['owner', 'shared'] },
    examples: [
      "hivewax reserve 'src/mcp/**' README.md --purpose 'the new tool'",
      "hivewax reserve 'docs/**' --shared --lease-ms 1h",
    ],
    input: z =>
      z.object({
        globs: globs(z),
        shared: z.boolean().optional().describe('Others may work on them too who share them'),
        purpose: z.string().optional().describe('What for: others are told'),
        owner: owner(z),
        leaseMs: leaseMs(z),
      }),
    run: (memory, { globs, ...options }) => memory.reservations.reserve(globs, options),
  }),
  operation({
    name: 'reservations.renew',
    summary: 'Keep what a call reserved',
    effect: 'write',
    permission: 'tasks',
    reveals: 'nothing',
    isIdempotent: true,
    positionals: ['token'],
    arguments: [],
    lease: 'leaseMs',
    examples: ['hivewax renew 7 --lease-ms 1h'],
    input: z =>
      z.object({
        token: z.number().int().min(0).describe('The token that reserve gave'),
        leaseMs: leaseMs(z),
      }),
    run: (memory, input) => memory.reservations.renew(input),
  }),
  operation({
    name: 'reservations.release',
    summary: 'Give back files that you have reserved',
    effect: 'write',
    permission: 'tasks',
    reveals: 'nothing',
    positionals: ['globs'],
    arguments: [],
    identities: { owner: 'actor' },
    mcp: { tool: 'swarm_write', unlisted: ['owner'] },
    examples: ["hivewax release 'src/mcp/**'", 'hivewax release'],
    input: z =>
      z.object({
        globs: globs(z).optional(),
        token: z.number().int().min(0).optional().describe('Only what the call reserved that gave it'),
        owner: owner(z),
      }),
    run: (memory, input) => memory.reservations.release(input),
  }),
  operation({
    name: 'reservations.list',
    summary: 'List the files that are reserved, and by whom',
    view: reservationView,
    effect: 'read',
    permission: 'memory:read',
    mcp: { tool: 'swarm_read', unlisted: ['globs', 'owner'] },
    examples: ['hivewax reservations', 'hivewax reservations src/mcp/tools.ts'],
    positionals: ['globs'],
    arguments: [],
    input: z =>
      z.object({
        globs: globs(z).optional(),
        owner: z.string().optional().describe('Only what this one has'),
        ...page(z),
      }),
    run: (memory, options) => memory.reservations.list(options),
  }),
]
