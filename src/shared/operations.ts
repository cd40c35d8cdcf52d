// biome-ignore-all lint/suspicious/noThenProperty: a transaction's `then` is a list of steps, which await ignores
import { operation, type Zod } from '../operation.ts'
import { json, page } from '../schemas.ts'
import { leaseHold, transactHolds, transactNeeds } from './transact-needs.ts'
import { sharedChangeView, sharedLeaseView, sharedView } from './views.ts'

const key = (z: Zod) => z.string().describe('1 to 512 bytes')
const updatedBy = (z: Zod) => z.string().optional().describe('Who does it; default: the agent of the handle')

const lease = (z: Zod) => z.string().optional().describe('Bind the key to this lease: it goes with it')
const leaseId = (z: Zod) => z.string().describe("The lease's id")

const steps = (z: Zod, description: string) =>
  z
    .array(
      z.union([
        z.object({ update: key(z), value: json(z, 'The new value'), lease: lease(z) }),
        z.object({ delete: key(z) }),
        z.object({ get: key(z) }),
      ]),
    )
    .optional()
    .describe(description)

export const sharedOperations = [
  operation({
    name: 'shared.update',
    summary: 'Set a key of the shared state',
    effect: 'write',
    permission: 'memory:write',
    reveals: 'memory:read',
    positionals: ['key', 'value'],
    identities: { updatedBy: 'actor' },
    mcp: { tool: 'state_write', isDefault: true, unlisted: ['updatedBy', 'lease'] },
    examples: [
      'hivewax shared update focus \'{"id":"add-login","progress":45}\'',
      'hivewax shared update leader coder-1 --expected-version 0',
    ],
    input: z =>
      z.object({
        key: key(z),
        value: json(z, 'JSON; on a command line plain text is a string'),
        updatedBy: updatedBy(z),
        expectedVersion: z
          .number()
          .int()
          .min(0)
          .optional()
          .describe('Refuse unless it has this version; 0: absent'),
        lease: lease(z),
      }),
    holds: ({ lease }) => leaseHold(lease),
    run: (memory, { key, value, ...options }) => memory.shared.update(key, value, options),
  }),
  operation({
    name: 'shared.get',
    summary: 'Print a key of the shared state with its version',
    effect: 'read',
    permission: 'memory:read',
    positionals: ['key'],
    mcp: { tool: 'state_read' },
    examples: ['hivewax shared get focus'],
    input: z => z.object({ key: key(z) }),
    run: (memory, { key }) => memory.shared.get(key),
  }),
  operation({
    name: 'shared.list',
    summary: 'List the shared state and the revision that the list shows',
    effect: 'read',
    permission: 'memory:read',
    positionals: ['prefix'],
    mcp: { tool: 'state_read', isDefault: true },
    view: sharedView,
    examples: ['hivewax shared list', 'hivewax shared list progress/'],
    input: z =>
      z.object({ prefix: z.string().optional().describe('Only keys that begin with this'), ...page(z) }),
    run: (memory, { prefix, ...options }) => memory.shared.list(prefix, options),
  }),
  operation({
    name: 'shared.delete',
    summary: 'Delete a key of the shared state',
    effect: 'write',
    permission: 'memory:delete',
    reveals: 'memory:read',
    positionals: ['key'],
    identities: { updatedBy: 'actor' },
    mcp: { tool: 'forget', unlisted: ['updatedBy', 'expectedVersion'] },
    examples: ['hivewax shared delete focus'],
    input: z =>
      z.object({
        key: key(z),
        updatedBy: updatedBy(z),
        expectedVersion: z.number().int().min(1).optional().describe('Refuse unless it has this version'),
      }),
    run: (memory, { key, ...options }) => memory.shared.delete(key, options),
  }),
  operation({
    name: 'shared.history',
    summary: 'List the changes of a key of the shared state, newest first',
    effect: 'read',
    permission: 'memory:read',
    positionals: ['key'],
    mcp: { tool: 'state_read' },
    view: sharedChangeView,
    examples: ['hivewax shared history focus --limit 10'],
    input: z => z.object({ key: key(z), ...page(z) }),
    run: (memory, { key, ...options }) => memory.shared.history(key, options),
  }),
  operation({
    name: 'shared.transact',
    summary: 'Change several keys of the shared state at once, if conditions hold',
    effect: 'write',
    permission: 'memory:write',
    reveals: 'memory:read',
    records: ['if', 'then', 'else'],
    identities: { updatedBy: 'actor' },
    mcp: { tool: 'state_write', unlisted: ['updatedBy', 'else'] },
    examples: [
      'hivewax shared transact --if \'[{"key":"leader","version":0}]\' ' +
        '--then \'[{"update":"leader","value":"coder-1"}]\' --else \'[{"get":"leader"}]\'',
    ],
    input: z =>
      z.object({
        if: z
          .array(
            z.union([
              z.object({
                key: key(z),
                version: z.number().int().min(0).optional().describe('Has this version; 0: absent'),
                value: json(z, 'Has this value').optional(),
              }),
              z.object({
                lock: z.string().describe('The name of a lock'),
                token: z.number().int().min(0).describe('This token holds it'),
              }),
              z.object({ lease: z.string().describe('There is such a lease') }),
            ]),
          )
          .optional()
          .describe('Conditions that must all hold'),
        then: steps(
          z,
          'What to do when they hold; a token needs memory:read to get, and memory:delete to delete',
        ),
        else: steps(z, 'What to do when one does not'),
        updatedBy: updatedBy(z),
      }),
    needs: transactNeeds,
    holds: transactHolds,
    run: (memory, transaction) => memory.shared.transact(transaction),
  }),
  operation({
    name: 'shared.grantLease',
    summary: 'Make a lease that keys can be bound to, and print it',
    effect: 'write',
    permission: 'memory:write',
    reveals: 'nothing',
    identities: { owner: 'actor' },
    examples: [
      'hivewax shared grant-lease --ttl-ms 30s',
      'hivewax shared grant-lease --ttl-ms 30s --id coder-1-presence --owner coder-1',
    ],
    input: z =>
      z.object({
        ttlMs: z.number().int().min(1).describe('How long it lasts without a sign of life, in ms'),
        id: z.string().optional().describe('Default: an id made for it'),
        owner: z.string().optional().describe('Who asks for it; default: the acting agent'),
      }),
    run: (memory, options) => memory.shared.grantLease(options),
  }),
  operation({
    name: 'shared.keepAlive',
    summary: 'Let a lease last for its whole length again',
    effect: 'write',
    permission: 'memory:write',
    reveals: 'nothing',
    isIdempotent: true,
    positionals: ['id'],
    examples: ['hivewax shared keep-alive coder-1-presence'],
    input: z => z.object({ id: leaseId(z) }),
    holds: ({ id }) => leaseHold(id),
    run: (memory, { id }) => memory.shared.keepAlive(id),
  }),
  operation({
    name: 'shared.revokeLease',
    summary: 'End a lease and delete the keys that are bound to it',
    effect: 'write',
    permission: 'memory:delete',
    reveals: 'nothing',
    positionals: ['id'],
    examples: ['hivewax shared revoke-lease coder-1-presence'],
    input: z => z.object({ id: leaseId(z) }),
    holds: ({ id }) => leaseHold(id),
    run: (memory, { id }) => memory.shared.revokeLease(id),
  }),
  operation({
    name: 'shared.lease',
    summary: 'Show a lease of keys',
    effect: 'read',
    permission: 'memory:read',
    positionals: ['id'],
    examples: ['hivewax shared lease coder-1-presence'],
    input: z => z.object({ id: leaseId(z) }),
    run: (memory, { id }) => memory.shared.lease(id),
  }),
  operation({
    name: 'shared.leases',
    summary: 'List the leases of keys',
    effect: 'read',
    permission: 'memory:read',
    view: sharedLeaseView,
    examples: ['hivewax shared leases'],
    input: z => z.object(page(z)),
    run: (memory, options) => memory.shared.leases(options),
  }),
  operation({
    name: 'shared.removeLapsed',
    summary: 'Record the deletes of keys whose leases have lapsed, as any write does',
    effect: 'write',
    permission: 'memory:write',
    reveals: 'nothing',
    examples: ['hivewax shared remove-lapsed'],
    input: z => z.object({}),
    run: memory => memory.shared.removeLapsed(),
  }),
]
