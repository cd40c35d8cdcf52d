import { operation } from '../operation.ts'
import { json, page } from '../schemas.ts'
import { priorities } from './claim-order.ts'
import {
  claimKey,
  holdOf,
  leaseMs,
  newTask,
  progress,
  result,
  scheduledTask,
  taskId,
} from './input-fields.ts'
import type { ClaimKey } from './outcome.ts'
import { planningOperations } from './planning-operations.ts'
import { overlaps } from './schedule.ts'
import { statuses } from './task.ts'
import { claimView, queueView, scheduleView, taskView } from './views.ts'

export const tasksOperations = [
  operation({
    name: 'tasks.create',
    summary: 'Create a task',
    effect: 'write',
    permission: 'tasks',
    reveals: 'memory:read',
    positionals: ['description'],
    arguments: [],
    records: ['dependencies', 'backoff'],
    identities: { createdBy: 'actor' },
    mcp: {
      tool: 'tasks_write',
      unlisted: ['requires', 'runAt', 'createdBy', 'backoff', 'delayMs', 'labels', 'parentId'],
    },
    examples: [
      'hivewax tasks create "Add a login" --id add-login --priority high',
      'hivewax tasks create "Review the login" --dependencies add-login --requires review',
      'hivewax tasks create "Nightly report" --delay-ms 3600000 --payload \'{"format":"pdf"}\'',
    ],
    input: z => z.object(newTask(z)),
    run: (memory, task) => memory.tasks.create(task),
  }),
  operation({
    name: 'tasks.createMany',
    summary: 'Create tasks that may depend on each other, all or none',
    effect: 'write',
    permission: 'tasks',
    reveals: 'memory:read',
    arguments: ['tasks'],
    records: ['tasks', 'tasks.dependencies', 'tasks.backoff'],
    identities: { 'tasks.createdBy': 'actor' },
    mcp: { tool: 'tasks_write' },
    view: taskView,
    examples: [
      'hivewax tasks create-many --tasks \'[{"id":"build","description":"Build"},{"description":"Ship","dependencies":["build"]}]\'',
    ],
    input: z => z.object({ tasks: z.array(z.object(newTask(z))).describe('The tasks, up to 10,000') }),
    run: (memory, { tasks }) => memory.tasks.createMany(tasks),
  }),
  operation({
    name: 'tasks.claim',
    summary: 'Claim ready tasks, most urgent first; none when there is nothing to do',
    effect: 'write',
    permission: 'tasks',
    // What is claimed is the claimer's to see.
    reveals: 'tasks',
    identities: { agentId: 'actor' },
    lease: 'leaseMs',
    keep: claimed => {
      const claims = (claimed as readonly ClaimKey[]).map(({ id, token }) => ({ id, token }))
      return async (memory, leaseMs) =>
        (await memory.tasks.heartbeatMany(claims, { leaseMs })).held.length > 0
    },
    giveBack: claimed => memory =>
      Promise.all(
        (claimed as readonly ClaimKey[]).map(({ id, token }) =>
          memory.tasks.release({ id, token, delayMs: 0 }),
        ),
      ),
    mcp: { tool: 'tasks_write', unlisted: ['capabilities', 'agentId'], answer: 'claims' },
    view: claimView,
    examples: [
      'hivewax tasks claim --agent-id coder-1',
      'hivewax tasks claim --agent-id coder-1 --capabilities review --limit 5 --lease-ms 60000',
    ],
    input: z =>
      z.object({
        agentId: z.string().optional().describe('Who claims; default: the acting agent'),
        capabilities: z
          .array(z.string())
          .optional()
          .describe('What it can do; default: what the agent was registered with'),
        queues: z.array(z.string()).optional().describe('Only tasks of these queues; default: of all'),
        limit: z.number().int().min(1).max(1_000).optional().describe('How many at most; default 1'),
        leaseMs: leaseMs(z),
      }),
    run: (memory, options) => memory.tasks.claim(options),
  }),
  operation({
    name: 'tasks.heartbeat',
    summary: 'Keep a claim, and say how far the work has got',
    effect: 'write',
    permission: 'tasks',
    reveals: 'nothing',
    isIdempotent: true,
    positionals: ['id', 'token'],
    arguments: [],
    lease: 'leaseMs',
    mcp: { tool: 'tasks_write' },
    examples: ['hivewax tasks heartbeat add-login 1 --progress 45'],
    input: z => z.object({ ...claimKey(z), leaseMs: leaseMs(z), progress: progress(z) }),
    holds: claim => [holdOf(claim)],
    run: (memory, heartbeat) => memory.tasks.heartbeat(heartbeat),
  }),
  operation({
    name: 'tasks.heartbeatMany',
    summary: 'Keep many claims at once, and tell which of them were lost',
    effect: 'write',
    permission: 'tasks',
    reveals: 'nothing',
    fenced: 'stale',
    isIdempotent: true,
    arguments: ['claims'],
    records: ['claims'],
    lease: 'leaseMs',
    examples: ['hivewax tasks heartbeat-many --claims \'[{"id":"add-login","token":1}]\''],
    input: z =>
      z.object({
        claims: z.array(z.object({ ...claimKey(z), progress: progress(z) })).describe('Up to 1,000 claims'),
        leaseMs: leaseMs(z),
      }),
    holds: ({ claims }) => claims.map(holdOf),
    run: (memory, { claims, leaseMs }) => memory.tasks.heartbeatMany(claims, { leaseMs }),
  }),
  operation({
    name: 'tasks.complete',
    summary: 'Complete a claimed task with its result',
    effect: 'write',
    permission: 'tasks',
    reveals: 'nothing',
    positionals: ['id', 'token'],
    arguments: [],
    mcp: { tool: 'tasks_write' },
    examples: ['hivewax tasks complete add-login 1 --result \'{"files":3}\''],
    input: z => z.object({ ...claimKey(z), result: result(z) }),
    holds: claim => [holdOf(claim)],
    run: (memory, completion) => memory.tasks.complete(completion),
  }),
  operation({
    name: 'tasks.completeMany',
    summary: 'Complete many claimed tasks at once, and tell which claims were lost',
    effect: 'write',
    permission: 'tasks',
    reveals: 'nothing',
    fenced: 'stale',
    arguments: ['claims'],
    records: ['claims'],
    examples: ['hivewax tasks complete-many --claims \'[{"id":"add-login","token":1,"result":"done"}]\''],
    input: z =>
      z.object({
        claims: z.array(z.object({ ...claimKey(z), result: result(z) })).describe('Up to 1,000 claims'),
      }),
    holds: ({ claims }) => claims.map(holdOf),
    run: (memory, { claims }) => memory.tasks.completeMany(claims),
  }),
  operation({
    name: 'tasks.fail',
    summary: 'End an attempt that failed; the task is tried again unless this was the last attempt',
    effect: 'write',
    permission: 'tasks',
    reveals: 'nothing',
    positionals: ['id', 'token', 'error'],
    arguments: [],
    mcp: { tool: 'tasks_write', unlisted: ['retry'] },
    examples: [
      'hivewax tasks fail add-login 1 "the build is broken"',
      'hivewax tasks fail add-login 1 "impossible as described" --no-retry',
    ],
    input: z =>
      z.object({
        ...claimKey(z),
        error: json(z, 'What went wrong: JSON, or text'),
        retry: z.boolean().optional().describe('False when trying again cannot help; default true'),
      }),
    holds: claim => [holdOf(claim)],
    run: (memory, failure) => memory.tasks.fail(failure),
  }),
  operation({
    name: 'tasks.release',
    summary: 'Give a claimed task back unfinished, as if it had not been claimed',
    effect: 'write',
    permission: 'tasks',
    reveals: 'nothing',
    positionals: ['id', 'token'],
    arguments: [],
    mcp: { tool: 'tasks_write', unlisted: ['delayMs'] },
    examples: ['hivewax tasks release add-login 1', 'hivewax tasks release add-login 1 --delay-ms 60000'],
    input: z =>
      z.object({
        ...claimKey(z),
        delayMs: z.number().int().min(0).optional().describe('Not to be claimed for so many ms'),
      }),
    holds: claim => [holdOf(claim)],
    run: (memory, claim) => memory.tasks.release(claim),
  }),
  operation({
    name: 'tasks.cancel',
    summary: 'Cancel a task and all that depend on it',
    effect: 'write',
    permission: 'tasks',
    reveals: 'nothing',
    positionals: ['id'],
    mcp: { tool: 'forget' },
    examples: ['hivewax tasks cancel add-login'],
    input: z => z.object({ id: taskId(z) }),
    holds: ({ id }) => [{ kind: 'task', name: id }],
    run: (memory, input) => memory.tasks.cancel(input.id),
  }),
  operation({
    name: 'tasks.redrive',
    summary: 'Let a dead, failed or cancelled task be tried anew; without an id, all dead ones',
    effect: 'write',
    permission: 'tasks',
    reveals: 'nothing',
    positionals: ['id'],
    arguments: [],
    mcp: { tool: 'tasks_write' },
    examples: ['hivewax tasks redrive add-login', 'hivewax tasks redrive --limit 10'],
    input: z =>
      z.object({
        id: taskId(z).optional(),
        limit: z
          .number()
          .int()
          .min(1)
          .max(10_000)
          .optional()
          .describe('Without an id: how many; default 100'),
      }),
    run: (memory, { id, limit }) => memory.tasks.redrive(id ?? { limit }),
  }),
  operation({
    name: 'tasks.get',
    summary: 'Show a task',
    effect: 'read',
    permission: 'memory:read',
    positionals: ['id'],
    mcp: { tool: 'tasks_read' },
    examples: ['hivewax tasks get add-login'],
    input: z => z.object({ id: taskId(z) }),
    run: (memory, input) => memory.tasks.get(input.id),
  }),
  operation({
    name: 'tasks.list',
    summary: 'List tasks by id, which for ids not chosen by you is by age',
    effect: 'read',
    permission: 'memory:read',
    mcp: { tool: 'tasks_read', isDefault: true, unlisted: ['priority', 'order', 'label', 'parentId'] },
    view: taskView,
    examples: [
      'hivewax tasks list --status pending',
      'hivewax tasks list --assigned-to coder-1 --order desc --limit 20',
    ],
    input: z =>
      z.object({
        status: z.enum(statuses).optional().describe('Only tasks of this status'),
        assignedTo: z.string().optional().describe('Only tasks that this agent claimed last'),
        priority: z.enum(priorities).optional().describe('Only tasks of this priority'),
        queue: z.string().optional().describe('Only tasks of this queue'),
        label: z.string().optional().describe('Only tasks with this label'),
        parentId: z.string().optional().describe('Only the parts of this task'),
        order: z.enum(['asc', 'desc']).optional().describe('By rising (asc, the default) or falling id'),
        ...page(z),
      }),
    run: (memory, options, long) => memory.tasks.list({ ...options, signal: long?.signal }),
  }),
  operation({
    name: 'tasks.counts',
    summary: 'Count tasks by status',
    effect: 'read',
    permission: 'memory:read',
    mcp: { tool: 'tasks_read' },
    examples: ['hivewax tasks counts'],
    input: z => z.object({}),
    run: memory => memory.tasks.counts(),
  }),
  operation({
    name: 'tasks.queues',
    summary: 'List queues: their ready and running tasks, and their limits',
    effect: 'read',
    permission: 'memory:read',
    mcp: { tool: 'tasks_read' },
    view: queueView,
    examples: ['hivewax tasks queues'],
    input: z => z.object(page(z)),
    run: (memory, options) => memory.tasks.queues(options),
  }),
  operation({
    name: 'tasks.setLimit',
    summary: 'Let only so many tasks of a queue run at once; without a number, any',
    effect: 'write',
    permission: 'tasks',
    reveals: 'nothing',
    positionals: ['queue', 'maxRunning'],
    examples: ['hivewax tasks set-limit deploy 1', 'hivewax tasks set-limit deploy'],
    input: z =>
      z.object({
        queue: z.string().describe('Name of the queue'),
        maxRunning: z.number().int().min(0).optional().describe('How many; 0 lets the queue rest'),
      }),
    run: (memory, { queue, maxRunning }) => memory.tasks.setLimit(queue, maxRunning),
  }),
  operation({
    name: 'tasks.schedule',
    summary: 'Create a task again and again, by a cron expression or an interval',
    effect: 'write',
    permission: 'tasks',
    reveals: 'nothing',
    positionals: ['id'],
    arguments: [],
    records: ['task', 'task.backoff'],
    identities: { 'task.createdBy': 'actor' },
    examples: [
      'hivewax tasks schedule nightly --cron "0 3 * * *" --task \'{"description":"Nightly report"}\'',
      'hivewax tasks schedule pulse --every-ms 60000 --task \'{"description":"Look at the build"}\'',
    ],
    input: z =>
      z.object({
        id: z.string().describe('Name of the schedule; one that has it is replaced'),
        cron: z.string().optional().describe('When: minute hour day month weekday'),
        everyMs: z.number().int().min(1_000).optional().describe('Or how often, in ms'),
        timezone: z
          .string()
          .optional()
          .describe('Of the cron expression, such as Europe/Zurich; default UTC'),
        overlap: z
          .enum(overlaps)
          .optional()
          .describe('While the last task has not ended: skip (default), or allow one more'),
        task: z.object(scheduledTask(z)).describe('What to create each time'),
      }),
    run: (memory, schedule) => memory.tasks.schedule(schedule),
  }),
  operation({
    name: 'tasks.schedules',
    summary: 'List schedules and when they are due next',
    effect: 'read',
    permission: 'memory:read',
    view: scheduleView,
    examples: ['hivewax tasks schedules'],
    input: z => z.object(page(z)),
    run: (memory, options) => memory.tasks.schedules(options),
  }),
  operation({
    name: 'tasks.unschedule',
    summary: 'Delete a schedule; the tasks that it has created stay',
    effect: 'destroy',
    permission: 'tasks',
    reveals: 'nothing',
    positionals: ['id'],
    examples: ['hivewax tasks unschedule nightly'],
    input: z => z.object({ id: z.string().describe('Name of the schedule') }),
    run: (memory, input) => memory.tasks.unschedule(input.id),
  }),
  operation({
    name: 'tasks.prune',
    summary: 'Delete tasks that ended long ago',
    effect: 'destroy',
    permission: 'tasks',
    reveals: 'nothing',
    examples: ['hivewax tasks prune --older-than 30d'],
    input: z =>
      z.object({
        olderThan: z
          .union([z.string(), z.number()])
          .describe('Tasks that ended longer ago than this, such as 30d; a number is milliseconds'),
      }),
    run: (memory, options) => memory.tasks.prune(options),
  }),
  operation({
    name: 'tasks.delete',
    summary: 'Delete the record of a task that nobody works on or waits for',
    effect: 'destroy',
    permission: 'tasks',
    reveals: 'nothing',
    positionals: ['id'],
    mcp: { tool: 'forget' },
    examples: ['hivewax tasks delete add-login'],
    input: z => z.object({ id: taskId(z) }),
    run: (memory, input) => memory.tasks.delete(input.id),
  }),
  ...planningOperations,
]
