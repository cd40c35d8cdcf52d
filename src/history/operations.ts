import { operation, type Zod } from '../operation.ts'
import { page, redaction, time } from '../schemas.ts'
import { retentionView } from './views.ts'

/** Which of somebody's changes are meant. */
const narrowed = (z: Zod) => ({
  session: z.string().optional().describe('Only changes of this session'),
  since: time(z, 'Only changes from this moment on').optional(),
  until: time(z, 'Only changes before this moment').optional(),
  namespace: z.string().optional().describe('Only key-value memory of this namespace; default: everything'),
})

export const historyOperations = [
  operation({
    name: 'history.undo',
    summary: 'Take back what an agent or a person has changed last, where nobody else has changed it since',
    effect: 'write',
    permission: 'memory:write',
    needs: () => ['memory:delete'],
    reveals: 'nothing',
    positionals: ['by'],
    identities: { by: 'actor' },
    mcp: { tool: 'state_write' },
    examples: [
      'hivewax undo coder-2 --dry-run',
      'hivewax undo coder-2 --since 2026-12-01T13:00:00Z --namespace default',
    ],
    input: z =>
      z.object({
        by: z.string().describe('The agent or person whose changes are taken back'),
        ...narrowed(z),
        force: z
          .boolean()
          .optional()
          .describe('Also where others have changed it since: that is lost with it'),
        dryRun: z.boolean().optional().describe('Only say what would be done'),
      }),
    namespaces: ({ namespace = '*' }) => [namespace],
    run: (memory, { by, ...options }, long) => memory.history.undo(by, { ...options, signal: long?.signal }),
  }),
  operation({
    name: 'history.forget',
    summary: 'Remove for good what an agent or a person has written, from records and from their history',
    effect: 'destroy',
    permission: 'admin',
    reveals: 'nothing',
    positionals: ['by'],
    identities: { by: 'actor' },
    examples: [
      'hivewax forget coder-2 --dry-run',
      'hivewax forget coder-2 --since 2026-12-01T13:00:00Z --yes',
    ],
    input: z =>
      z.object({
        by: z.string().describe('The agent or person who has written it'),
        ...narrowed(z),
        reason: redaction(z).reason,
        vacuum: redaction(z).vacuum,
        dryRun: z.boolean().optional().describe('Only say what would be done'),
      }),
    namespaces: ({ namespace = '*' }) => [namespace],
    run: (memory, { by, ...options }, long) =>
      memory.history.forget(by, { ...options, signal: long?.signal }),
  }),
  operation({
    name: 'history.setRetention',
    summary: 'Say how much is kept of the history of a namespace; without a number the default again',
    effect: 'write',
    permission: 'admin',
    reveals: 'nothing',
    positionals: ['namespace'],
    isIdempotent: true,
    examples: [
      'hivewax set-retention cache --versions 0',
      'hivewax set-retention notes --versions 200 --days 365',
    ],
    input: z =>
      z.object({
        namespace: z.string().describe('1 to 128 bytes'),
        versions: z
          .number()
          .int()
          .min(0)
          .optional()
          .describe('How many versions of each key; 0: none; default: 20'),
        days: z.number().int().min(1).optional().describe('For how many days; default: 90'),
      }),
    namespaces: ({ namespace }) => [namespace],
    run: (memory, { namespace, ...options }) => memory.history.setRetention(namespace, options),
  }),
  operation({
    name: 'history.retention',
    summary: 'List the namespaces of which somebody has said how much is kept of their history',
    effect: 'read',
    permission: 'memory:read',
    view: retentionView,
    examples: ['hivewax retention'],
    input: z => z.object(page(z)),
    namespaces: () => ['*'],
    run: (memory, options) => memory.history.retention(options),
  }),
]
