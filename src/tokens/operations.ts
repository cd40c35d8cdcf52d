import { operation } from '../operation.ts'
import { permissions } from '../permission.ts'
import { page, timeOrDuration } from '../schemas.ts'
import { tokenView } from './views.ts'

export const tokensOperations = [
  operation({
    name: 'tokens.create',
    summary: 'Create a token for callers over HTTP, and print it this once',
    effect: 'write',
    permission: 'admin',
    reveals: 'nothing',
    positionals: ['principal'],
    arguments: [],
    identities: { agentId: 'owner' },
    examples: [
      'hivewax token create ci --permissions memory:read,tasks --expires-at 30d',
      "hivewax token create alice --permissions memory:read,memory:write --namespaces 'team-*' --agent-id alice",
    ],
    input: z =>
      z.object({
        principal: z.string().describe('Who it is for'),
        permissions: z.array(z.enum(permissions)).describe('What its holder may do; admin is all of it'),
        namespaces: z
          .array(z.string())
          .optional()
          .describe('Globs of the namespaces of key-value memory that it is for; default: all'),
        agentId: z.string().optional().describe('The one agent that its holder acts as; default: any'),
        expiresAt: timeOrDuration(
          z,
          'When it ends: a time, or a length from now such as 30d; default: never',
        ).optional(),
      }),
    run: (memory, token) => memory.tokens.create(token),
  }),
  operation({
    name: 'tokens.list',
    summary: 'List the tokens, without their secrets',
    effect: 'read',
    permission: 'admin',
    view: tokenView,
    examples: ['hivewax token list'],
    input: z => z.object(page(z)),
    run: (memory, options) => memory.tokens.list(options),
  }),
  operation({
    name: 'tokens.revoke',
    summary: 'End a token at once; tells whether there was one',
    effect: 'write',
    permission: 'admin',
    reveals: 'nothing',
    positionals: ['id'],
    examples: ['hivewax token revoke 0f1e2d3c4b5a69788796'],
    input: z => z.object({ id: z.string().describe('As token list shows it') }),
    run: (memory, { id }) => memory.tokens.revoke(id),
  }),
]
