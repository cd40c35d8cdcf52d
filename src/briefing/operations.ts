import { operation } from '../operation.ts'
import { time } from '../schemas.ts'
import { briefingTokens } from './bounds.ts'

export const briefingOperations = [
  operation({
    name: 'briefing.briefing',
    summary: 'Tell where things stand: tasks, decisions, memory, shared state, who is at work',
    effect: 'read',
    permission: 'memory:read',
    mcp: {
      tool: 'briefing',
      answer: 'briefing',
      unlisted: ['agentId', 'sessionId', 'isCompacted', 'since', 'namespaces'],
    },
    examples: [
      'hivewax briefing',
      'hivewax briefing --about "retry backoff"',
      'hivewax briefing --json | jq .data.sections',
    ],
    input: z =>
      z.object({
        about: z.string().optional().describe('What the work is about; memory near to it is told too'),
        agentId: z.string().optional().describe('For whom; default: the acting agent'),
        sessionId: z
          .string()
          .optional()
          .describe('The session of that agent, which is not told of as the last'),
        isCompacted: z.boolean().optional().describe('Tell what was kept of that session itself'),
        since: time(z, 'Mark what others did since; default: when that agent was here before').optional(),
        namespaces: z
          .array(z.string())
          .optional()
          .describe('Only memory of these namespaces; globs allowed; default: all that you may see'),
        maxTokens: z
          .number()
          .int()
          .min(briefingTokens.least)
          .max(briefingTokens.most)
          .optional()
          .describe('How long it may be, in tokens of four characters; default: 2000'),
      }),
    // A glob may be of any; without a choice the caller is told of those that it may see.
    namespaces: ({ namespaces = [] }) => namespaces.map(name => (/[*?[]/.test(name) ? '*' : name)),
    run: (memory, input, options) =>
      memory.briefing({ ...input, namespaces: input.namespaces ?? options?.namespaces }),
  }),
]
