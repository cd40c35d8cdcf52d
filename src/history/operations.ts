import { operation } from '../operation.ts'
import { time } from '../schemas.ts'

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
        session: z.string().optional().describe('Only changes of this session'),
        since: time(z, 'Only changes from this moment on').optional(),
        until: time(z, 'Only changes before this moment').optional(),
        namespace: z
          .string()
          .optional()
          .describe('Only key-value memory of this namespace; default: everything'),
        force: z
          .boolean()
          .optional()
          .describe('Also where others have changed it since: that is lost with it'),
        dryRun: z.boolean().optional().describe('Only say what would be done'),
      }),
    namespaces: ({ namespace = '*' }) => [namespace],
    run: (memory, { by, ...options }, long) => memory.history.undo(by, { ...options, signal: long?.signal }),
  }),
]
