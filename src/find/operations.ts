import { operation } from '../operation.ts'
import { findable } from './sources.ts'
import { foundView } from './views.ts'

export const findOperations = [
  operation({
    name: 'find.find',
    summary: 'Find records by the words in them, best match first',
    effect: 'read',
    permission: 'memory:read',
    positionals: ['text'],
    mcp: { tool: 'recall' },
    view: foundView,
    examples: [
      'hivewax find "retry backoff"',
      'hivewax find "retry backoff" --in memory --limit 5',
      'hivewax find deploy --in events,tasks',
    ],
    input: z =>
      z.object({
        text: z.string().describe('Words to look for; any of them is enough, all of them is best'),
        in: z.array(z.enum(findable)).optional().describe('Where to look; default: everywhere'),
        namespace: z.string().optional().describe('Only key-value memory of this namespace'),
        limit: z.number().int().min(1).max(100).optional().describe('How many at most; default 10'),
      }),
    namespaces: input => (input.in?.includes('memory') === false ? [] : [input.namespace ?? '*']),
    run: (memory, { text, ...options }) => memory.findings(text, options),
  }),
]
