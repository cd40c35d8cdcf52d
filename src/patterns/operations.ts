import { operation, type Zod } from '../operation.ts'
import { json, page, redaction } from '../schemas.ts'
import { patternVersionView, patternView } from './views.ts'

const id = (z: Zod) => z.string().describe('The id of the pattern')

export const patternsOperations = [
  operation({
    name: 'patterns.store',
    summary: 'Store a learned pattern, replacing the one with its id but for its counts',
    effect: 'write',
    permission: 'memory:write',
    reveals: 'nothing',
    positionals: ['type', 'patternData'],
    arguments: [],
    mcp: { tool: 'state_write', unlisted: ['metadata'] },
    examples: [
      'hivewax patterns store tactic \'{"on":"timeout","successRate":0.92}\' --id retry-timeouts',
      'hivewax patterns store review "Read the tests first" --confidence 0.7',
    ],
    input: z =>
      z.object({
        type: z.string().describe('What kind of pattern, 1 to 512 bytes'),
        patternData: json(z, 'What was learned: any JSON'),
        id: z.string().optional().describe('1 to 512 bytes; default: a new one'),
        confidence: z
          .number()
          .min(0)
          .max(1)
          .optional()
          .describe('How far to trust it, 0 to 1; default: successRate of the data, else 0'),
        metadata: json(z, 'JSON kept beside the data').optional(),
      }),
    run: (memory, pattern) => memory.patterns.store(pattern),
  }),
  operation({
    name: 'patterns.get',
    summary: 'Show a pattern',
    effect: 'read',
    permission: 'memory:read',
    positionals: ['id'],
    mcp: { tool: 'state_read' },
    examples: ['hivewax patterns get retry-timeouts'],
    input: z => z.object({ id: id(z) }),
    run: (memory, { id }) => memory.patterns.get(id),
  }),
  operation({
    name: 'patterns.list',
    summary: 'List patterns, the most trusted first',
    effect: 'read',
    permission: 'memory:read',
    mcp: { tool: 'state_read', unlisted: ['minConfidence'] },
    view: patternView,
    examples: ['hivewax patterns list --type tactic --min-confidence 0.8'],
    input: z =>
      z.object({
        type: z.string().optional().describe('Only patterns of this type'),
        minConfidence: z
          .number()
          .min(0)
          .max(1)
          .optional()
          .describe('Only patterns trusted at least this far'),
        ...page(z),
      }),
    run: (memory, filter) => memory.patterns.list(filter),
  }),
  operation({
    name: 'patterns.best',
    summary: 'Show the most trusted pattern of a type',
    effect: 'read',
    permission: 'memory:read',
    positionals: ['type'],
    examples: ['hivewax patterns best tactic'],
    input: z => z.object({ type: z.string().describe('The type of pattern') }),
    run: (memory, { type }) => memory.patterns.best(type),
  }),
  operation({
    name: 'patterns.recordOutcome',
    summary: 'Count a use of a pattern and whether it helped, which moves its confidence',
    effect: 'write',
    permission: 'memory:write',
    reveals: 'memory:read',
    positionals: ['id', 'success'],
    arguments: ['id'],
    mcp: { tool: 'state_write', unlisted: ['decay'] },
    examples: [
      'hivewax patterns record-outcome retry-timeouts true',
      'hivewax patterns record-outcome retry-timeouts false --decay 0.95',
    ],
    input: z =>
      z.object({
        id: id(z),
        success: z.boolean().describe('Whether it helped'),
        decay: z
          .number()
          .min(0)
          .max(1)
          .optional()
          .describe('What earlier outcomes still weigh beside this one; default: 1, as much as before'),
      }),
    run: (memory, { id, ...result }) => memory.patterns.recordOutcome(id, result),
  }),
  operation({
    name: 'patterns.use',
    summary: 'Count a use of a pattern whose outcome is not known',
    effect: 'write',
    permission: 'memory:write',
    reveals: 'memory:read',
    positionals: ['id'],
    examples: ['hivewax patterns use retry-timeouts'],
    input: z => z.object({ id: id(z) }),
    run: (memory, { id }) => memory.patterns.use(id),
  }),
  operation({
    name: 'patterns.history',
    summary: 'List the changes of a pattern, latest first: what was stored, and by whom',
    effect: 'read',
    permission: 'memory:read',
    positionals: ['id'],
    mcp: { tool: 'state_read' },
    view: patternVersionView,
    examples: ['hivewax patterns history retry-timeouts'],
    input: z => z.object({ id: id(z), ...page(z) }),
    run: (memory, { id, ...options }) => memory.patterns.history(id, options),
  }),
  operation({
    name: 'patterns.revert',
    summary: 'Store again what a pattern was at an earlier revision; its outcomes stay',
    effect: 'write',
    permission: 'memory:write',
    reveals: 'memory:read',
    positionals: ['id'],
    mcp: { tool: 'state_write' },
    examples: ['hivewax patterns revert retry-timeouts --revision 1'],
    input: z =>
      z.object({
        id: id(z),
        revision: z.number().int().min(1).describe('The revision that is to be stored again'),
      }),
    run: (memory, { id, ...options }) => memory.patterns.revert(id, options),
  }),
  operation({
    name: 'patterns.redact',
    summary: 'Remove for good what a pattern is and has been; its history only says that there was something',
    effect: 'destroy',
    permission: 'admin',
    reveals: 'nothing',
    positionals: ['id'],
    examples: ['hivewax patterns redact retry-timeouts --yes'],
    input: z => z.object({ id: id(z), ...redaction(z) }),
    run: (memory, { id, ...options }) => memory.patterns.redact(id, options),
  }),
  operation({
    name: 'patterns.delete',
    summary: 'Delete a pattern with its counts',
    effect: 'destroy',
    permission: 'memory:delete',
    reveals: 'nothing',
    positionals: ['id'],
    mcp: { tool: 'forget' },
    examples: ['hivewax patterns delete retry-timeouts'],
    input: z => z.object({ id: id(z) }),
    run: (memory, { id }) => memory.patterns.delete(id),
  }),
]
