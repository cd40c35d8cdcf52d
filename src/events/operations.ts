import { operation, type Zod } from '../operation.ts'
import { json, page, time } from '../schemas.ts'
import { eventView, groupView } from './views.ts'

const id = (z: Zod, description: string) => z.number().int().min(0).describe(description)
const group = (z: Zod) => z.string().describe('Name of the group of consumers')

const newEvent = (z: Zod) => ({
  type: z.string().describe('What kind of event, 1 to 512 bytes'),
  source: z.string().optional().describe('Who says so; default: the agent of the handle, else system'),
  data: json(z, 'JSON; on a command line plain text is a string').optional(),
})

const filter = (z: Zod) => ({
  types: z
    .array(z.string())
    .optional()
    .describe('Only events of these types; a glob such as task.* stands for many'),
  source: z.string().optional().describe('Only events of this source'),
})

export const eventsOperations = [
  operation({
    name: 'events.log',
    summary: 'Append an event to the log',
    effect: 'write',
    permission: 'events:append',
    reveals: 'nothing',
    positionals: ['type', 'data'],
    arguments: [],
    identities: { source: 'actor' },
    mcp: { tool: 'log_write', isDefault: true },
    examples: [
      'hivewax events log deployed',
      'hivewax events log build_passed \'{"taskId":"add-login"}\' --source coder-1',
    ],
    input: z => z.object(newEvent(z)),
    run: (memory, event) => memory.events.log(event),
  }),
  operation({
    name: 'events.logMany',
    summary: 'Append many events to the log, all or none',
    effect: 'write',
    permission: 'events:append',
    reveals: 'nothing',
    arguments: ['events'],
    records: ['events'],
    identities: { 'events.source': 'actor' },
    view: eventView,
    examples: [
      'hivewax events log-many --events \'[{"type":"started"},{"type":"deployed","data":{"ok":true}}]\'',
    ],
    input: z => z.object({ events: z.array(z.object(newEvent(z))).describe('The events, in order') }),
    run: (memory, { events }) => memory.events.logMany(events),
  }),
  operation({
    name: 'events.list',
    summary: 'List events by id',
    effect: 'read',
    permission: 'memory:read',
    mcp: { tool: 'log_read', isDefault: true, unlisted: ['from', 'to', 'until'] },
    view: eventView,
    examples: [
      'hivewax events list --order desc --limit 20',
      'hivewax events list --types build_passed --source coder-1',
    ],
    input: z =>
      z.object({
        ...filter(z),
        since: id(z, 'Only events after this id').optional(),
        until: id(z, 'Only events up to this id').optional(),
        from: time(z, 'Only events logged at this time or later').optional(),
        to: time(z, 'Only events logged before this time').optional(),
        order: z.enum(['asc', 'desc']).optional().describe('Oldest first (asc, the default) or newest first'),
        ...page(z),
      }),
    run: (memory, options, long) => memory.events.list({ ...options, signal: long?.signal }),
  }),
  operation({
    name: 'events.get',
    summary: 'Print one event',
    effect: 'read',
    permission: 'memory:read',
    positionals: ['id'],
    mcp: { tool: 'log_read' },
    examples: ['hivewax events get 42'],
    input: z => z.object({ id: z.number().int().min(1).describe('Id of the event') }),
    run: (memory, { id }) => memory.events.get(id),
  }),
  operation({
    name: 'events.latest',
    summary: 'Print the newest event',
    effect: 'read',
    permission: 'memory:read',
    examples: ['hivewax events latest', 'hivewax events latest --types deployed'],
    input: z => z.object(filter(z)),
    run: (memory, options) => memory.events.latest(options),
  }),
  operation({
    name: 'events.count',
    summary: 'Count events',
    effect: 'read',
    permission: 'memory:read',
    examples: ['hivewax events count', 'hivewax events count --types build_passed'],
    input: z => z.object(filter(z)),
    run: (memory, options) => memory.events.count(options),
  }),
  operation({
    name: 'events.commit',
    summary: 'Note that a group has handled every event up to an id',
    effect: 'write',
    permission: 'memory:write',
    reveals: 'nothing',
    positionals: ['group', 'id'],
    examples: ['hivewax events commit mailer 42'],
    input: z =>
      z.object({
        group: group(z),
        id: id(z, 'Id of the last event that was handled'),
        token: z
          .number()
          .int()
          .min(0)
          .optional()
          .describe('Token of the consumer; refused when another one took over since'),
      }),
    holds: ({ group, token }) => [{ kind: 'group', name: group, token }],
    run: (memory, { group, id, ...options }) => memory.events.commit(group, id, options),
  }),
  operation({
    name: 'events.seek',
    summary: 'Move a group to an id, also back, so that its next event is the one after it',
    effect: 'write',
    permission: 'memory:write',
    reveals: 'nothing',
    positionals: ['group', 'id'],
    examples: ['hivewax events seek mailer 0'],
    input: z => z.object({ group: group(z), id: id(z, 'Id of the event to go on after') }),
    holds: ({ group }) => [{ kind: 'group', name: group }],
    run: (memory, { group, id }) => memory.events.seek(group, id),
  }),
  operation({
    name: 'events.offset',
    summary: 'Print the id of the last event that a group has handled',
    effect: 'read',
    permission: 'memory:read',
    positionals: ['group'],
    examples: ['hivewax events offset mailer'],
    input: z => z.object({ group: group(z) }),
    run: (memory, { group }) => memory.events.offset(group),
  }),
  operation({
    name: 'events.groups',
    summary: 'List the groups of consumers, how far they have got, and who consumes',
    effect: 'read',
    permission: 'memory:read',
    view: groupView,
    examples: ['hivewax events groups'],
    input: z => z.object(page(z)),
    run: (memory, options) => memory.events.groups(options),
  }),
  operation({
    name: 'events.deleteGroup',
    summary: 'Forget a group of consumers and how far it has got',
    effect: 'destroy',
    permission: 'memory:delete',
    reveals: 'nothing',
    positionals: ['group'],
    examples: ['hivewax events delete-group mailer'],
    input: z => z.object({ group: group(z) }),
    holds: ({ group }) => [{ kind: 'group', name: group }],
    run: (memory, { group }) => memory.events.deleteGroup(group),
  }),
  operation({
    name: 'events.prune',
    summary: 'Delete old events',
    effect: 'destroy',
    permission: 'memory:delete',
    reveals: 'nothing',
    examples: ['hivewax events prune --older-than 30d', 'hivewax events prune --keep 100000'],
    input: z =>
      z.object({
        olderThan: z
          .union([z.string(), z.number()])
          .optional()
          .describe('Events older than this, such as 30d; a number is milliseconds'),
        keep: z.number().int().min(0).optional().describe('All but this many of the newest events'),
      }),
    run: (memory, options) => memory.events.prune(options),
  }),
  operation({
    name: 'events.seal',
    summary: 'Seal the log: from the next event on each has a hash that covers all before it',
    effect: 'write',
    permission: 'admin',
    reveals: 'nothing',
    examples: ['hivewax events seal'],
    input: z => z.object({}),
    run: memory => memory.events.seal(),
  }),
  operation({
    name: 'events.verify',
    summary: 'Compare a sealed log with its hashes, and say where it was tampered with',
    effect: 'read',
    permission: 'memory:read',
    examples: ['hivewax events verify', 'hivewax events verify --from 1000 --to 2000 --json'],
    input: z =>
      z.object({
        from: id(z, 'Only events with this id or a higher one').optional(),
        to: id(z, 'Only events up to this id').optional(),
      }),
    run: (memory, options, long) =>
      memory.events.verify({ ...options, onProgress: long?.onProgress, signal: long?.signal }),
  }),
]
