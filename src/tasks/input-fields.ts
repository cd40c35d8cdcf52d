import type { Hold, Zod } from '../operation.ts'
import { json, time } from '../schemas.ts'
import { priorities } from './claim-order.ts'
import { failurePolicies } from './dependencies.ts'
import type { NewTask } from './new-task.ts'
import type { ClaimKey } from './outcome.ts'
import type { TaskChanges } from './task-changes.ts'

/** What the inputs of operations on tasks have in common. */

/** Names a task. */
export const taskId = (z: Zod) => z.string().describe("The task's id, 1 to 512 bytes")

/** What proves a claim. */
export const claimKey = (z: Zod) => ({
  id: taskId(z),
  token: z.number().int().min(0).describe('The token of the claim'),
})

/** What a claim takes to be the holder of. */
export const holdOf = ({ id, token }: ClaimKey): Hold => ({ kind: 'task', name: id, token })

export const leaseMs = (z: Zod) =>
  z
    .number()
    .int()
    .min(1)
    .optional()
    .describe('How long the claim holds without a heartbeat, in ms; default 1800000')

export const result = (z: Zod) => json(z, 'What came of it: JSON').optional()
export const progress = (z: Zod) => json(z, 'How far the work has got: JSON').optional()

const labels = (z: Zod, description: string) => z.array(z.string()).optional().describe(description)

const dependency = (z: Zod) =>
  z.union([
    z.string(),
    z.object({
      id: z.string(),
      onFailure: z
        .enum(failurePolicies)
        .optional()
        .describe('What a failure of that task does to this one: fail (default), skip or ignore'),
    }),
  ])

/** What a new task may say: all that the library takes. */
export const newTask = (z: Zod) =>
  ({
    description: z.string().describe('What is to be done'),
    id: z.string().optional().describe('A name of your choice; default: a new UUID'),
    priority: z.enum(priorities).optional().describe('Default: medium'),
    dependencies: z.array(dependency(z)).optional().describe('Ids of the tasks to wait for'),
    payload: json(z, 'What the worker needs to know: JSON').optional(),
    queue: z.string().optional().describe('The queue that it joins; default: default'),
    requires: z.array(z.string()).optional().describe('Capabilities that the worker must have'),
    runAt: time(z, 'Not to be claimed before this time').optional(),
    delayMs: z.number().min(0).optional().describe('Not to be claimed for so many ms'),
    maxAttempts: z
      .number()
      .int()
      .min(1)
      .max(1_000)
      .optional()
      .describe('Claims before it is dead; default 3'),
    backoff: z
      .object({
        baseMs: z.number().int().min(0).optional().describe('After the first attempt; default 1000'),
        capMs: z.number().int().min(0).optional().describe('At most; default 100000'),
      })
      .optional()
      .describe('The wait after a failed attempt, doubled each time'),
    idempotencyKey: z.string().optional().describe('The same key again gives the same task'),
    labels: labels(z, 'What it is filed under'),
    parentId: z.string().optional().describe('The task that it is a part of'),
    createdBy: z.string().optional().describe('Default: the acting agent'),
  }) satisfies Record<keyof NewTask, unknown>

/** What may change about a task. */
export const changes = (z: Zod) => {
  const { id, dependencies, payload, idempotencyKey, createdBy, labels: _, parentId, ...fields } = newTask(z)
  return {
    ...fields,
    description: fields.description.optional(),
    priority: z.enum(priorities).optional().describe('How urgent it is; its age counts as before'),
    payload: json(z, 'What the worker needs to know: JSON').optional(),
    queue: z.string().optional().describe('The queue that it moves to'),
    maxAttempts: fields.maxAttempts.describe('Claims before it is dead'),
    labels: labels(z, 'All labels, in place of those that it has'),
    addLabels: labels(z, 'Labels to add'),
    removeLabels: labels(z, 'Labels to take away'),
    parentId: z.string().optional().describe('The task that it is a part of; empty for none'),
    addDependencies: z.array(dependency(z)).optional().describe('Ids of more tasks to wait for'),
    removeDependencies: z.array(z.string()).optional().describe('Ids of tasks to wait for no more'),
    expectedRevision: z.number().int().min(0).optional().describe('Refuse unless the task has this revision'),
  } satisfies Record<keyof TaskChanges, unknown>
}

/** A scheduled task has no time and no name of its own, and waits for no other. */
export const scheduledTask = (z: Zod) => {
  const { id: _, dependencies, runAt, delayMs, idempotencyKey, parentId, ...fields } = newTask(z)
  return fields
}
