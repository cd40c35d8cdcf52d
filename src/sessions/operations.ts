import { operation } from '../operation.ts'
import { json, page } from '../schemas.ts'
import { sessionView } from './views.ts'

export const sessionsOperations = [
  operation({
    name: 'sessions.create',
    summary: 'Create a session that keeps data across processes, and print its id',
    effect: 'write',
    permission: 'memory:write',
    reveals: 'nothing',
    positionals: ['data'],
    mcp: { tool: 'state_write' },
    examples: [
      'hivewax sessions create \'{"user":"developer","project":"shop"}\'',
      'hivewax sessions create \'{"branch":"main"}\' --id nightly-build --ttl 86400',
    ],
    input: z =>
      z.object({
        data: json(z, 'What to keep: JSON, usually an object'),
        ttl: z
          .number()
          .positive()
          .optional()
          .describe('Seconds it lives on after each access; default: for ever'),
        id: z
          .string()
          .optional()
          .describe('A name of your choice, refused when it is taken; default: a new UUID'),
      }),
    run: (memory, { data, ...options }) => memory.sessions.create(data, options),
  }),
  operation({
    name: 'sessions.resume',
    summary: "Print a session's data and keep the session alive",
    effect: 'write',
    permission: 'memory:write',
    reveals: 'memory:read',
    isIdempotent: true,
    result: 'value',
    positionals: ['id'],
    mcp: { tool: 'state_write' },
    examples: ['hivewax sessions resume nightly-build'],
    input: z => z.object({ id: z.string().describe('The id that create printed') }),
    run: (memory, { id }) => memory.sessions.resume(id),
  }),
  operation({
    name: 'sessions.update',
    summary: "Set fields of a session's data, leave the others, and print the whole",
    effect: 'write',
    permission: 'memory:write',
    reveals: 'memory:read',
    result: 'value',
    positionals: ['id', 'patch'],
    mcp: { tool: 'state_write' },
    examples: ['hivewax sessions update nightly-build \'{"progress":75}\''],
    input: z =>
      z.object({
        id: z.string().describe('The id that create printed'),
        patch: z.record(z.string(), z.json()).describe('JSON object with the fields to set'),
      }),
    run: (memory, { id, patch }) => memory.sessions.update(id, patch),
  }),
  operation({
    name: 'sessions.get',
    summary: 'Show a session with its times, without counting as an access',
    effect: 'read',
    permission: 'memory:read',
    positionals: ['id'],
    mcp: { tool: 'state_read' },
    examples: ['hivewax sessions get nightly-build'],
    input: z => z.object({ id: z.string().describe('The id that create printed') }),
    run: (memory, { id }) => memory.sessions.get(id),
  }),
  operation({
    name: 'sessions.list',
    summary: 'List the sessions that have not expired, latest access first',
    effect: 'read',
    permission: 'memory:read',
    mcp: { tool: 'state_read' },
    view: sessionView,
    examples: ['hivewax sessions list', 'hivewax sessions list --limit 10'],
    input: z => z.object(page(z)),
    run: (memory, options) => memory.sessions.list(options),
  }),
  operation({
    name: 'sessions.delete',
    summary: 'Delete a session and its data',
    effect: 'destroy',
    permission: 'memory:delete',
    reveals: 'nothing',
    positionals: ['id'],
    mcp: { tool: 'forget' },
    examples: ['hivewax sessions delete nightly-build'],
    input: z => z.object({ id: z.string().describe('The id that create printed') }),
    run: (memory, { id }) => memory.sessions.delete(id),
  }),
]
