import { operation } from '../operation.ts'
import { page } from '../schemas.ts'
import { changes, taskId } from './input-fields.ts'
import { commentView } from './views.ts'

/** What is done to tasks by those who plan them. */
export const planningOperations = [
  operation({
    name: 'tasks.update',
    summary: 'Change what was asked for of a task: its text, urgency, labels, dependencies',
    effect: 'write',
    permission: 'tasks',
    reveals: 'memory:read',
    positionals: ['id'],
    records: ['addDependencies', 'backoff'],
    mcp: {
      tool: 'tasks_write',
      unlisted: [
        ...['requires', 'runAt', 'delayMs', 'maxAttempts', 'backoff', 'labels', 'addLabels', 'removeLabels'],
        ...['parentId', 'addDependencies', 'removeDependencies', 'expectedRevision'],
      ],
    },
    examples: [
      'hivewax tasks update add-login --priority critical --add-labels release,ui',
      'hivewax tasks update add-login --add-dependencies design --remove-dependencies draft',
      'hivewax tasks update add-login --parent-id accounts',
    ],
    input: z => z.object({ id: taskId(z), ...changes(z) }),
    run: (memory, { id, ...options }) => memory.tasks.update(id, options),
  }),
  operation({
    name: 'tasks.comment',
    summary: 'Write a comment on a task',
    effect: 'write',
    permission: 'tasks',
    reveals: 'nothing',
    positionals: ['id', 'body'],
    mcp: { tool: 'tasks_write' },
    examples: ['hivewax tasks comment add-login "the form needs a captcha"'],
    input: z => z.object({ id: taskId(z), body: z.string().describe('What there is to say') }),
    run: (memory, { id, body }) => memory.tasks.comment(id, body),
  }),
  operation({
    name: 'tasks.comments',
    summary: 'List the comments on a task, oldest first',
    effect: 'read',
    permission: 'memory:read',
    positionals: ['id'],
    mcp: { tool: 'tasks_read' },
    view: commentView,
    examples: ['hivewax tasks comments add-login'],
    input: z => z.object({ id: taskId(z), ...page(z) }),
    run: (memory, { id, ...options }) => memory.tasks.comments(id, options),
  }),
  operation({
    name: 'tasks.graph',
    summary: 'Show which tasks wait for which',
    effect: 'read',
    permission: 'memory:read',
    mcp: { tool: 'tasks_read', unlisted: ['rootId'] },
    examples: ['hivewax tasks graph', 'hivewax tasks graph --root-id add-login'],
    input: z =>
      z.object({
        rootId: z.string().optional().describe('Only this task and those that wait for it'),
        limit: z.number().int().min(1).max(10_000).optional().describe('How many tasks; default 1,000'),
      }),
    run: (memory, options) => memory.tasks.graph(options),
  }),
]
