import { operation, type Zod } from '../operation.ts'
import { json, page } from '../schemas.ts'
import { statuses } from './runs.ts'
import { runView, stepView, workflowVersionView, workflowView } from './views.ts'

const id = (z: Zod) => z.string().describe("The workflow's id, 1 to 512 bytes")

const step = (z: Zod) => ({
  id: id(z),
  name: z.string().describe("The step's name, 1 to 512 bytes"),
  iteration: z.number().int().min(0).optional().describe('Which round of a loop; default: 0'),
})

export const workflowsOperations = [
  operation({
    name: 'workflows.save',
    summary: 'Save where a workflow stands, as a new version of it',
    effect: 'write',
    permission: 'memory:write',
    reveals: 'memory:read',
    positionals: ['id', 'state'],
    mcp: { tool: 'state_write', unlisted: ['checkpoint', 'workflowType'] },
    examples: [
      'hivewax workflows save nightly \'{"at":"tests","left":["tests","publish"]}\'',
      'hivewax workflows save nightly \'{"at":"publish"}\' --workflow-type ci --checkpoint \'{"commit":"4f2a"}\'',
    ],
    input: z =>
      z.object({
        id: id(z),
        state: json(z, 'Where it stands: JSON; on a command line plain text is a string'),
        workflowType: z
          .string()
          .optional()
          .describe('What kind of workflow; omitted, it stays what it was (a new one gets "default")'),
        checkpoint: json(z, 'JSON to go on from, beside the state; omitted, it stays what it was').optional(),
      }),
    holds: ({ id }) => [{ kind: 'run', name: id }],
    run: (memory, { id, state, ...options }) => memory.workflows.save(id, state, options),
  }),
  operation({
    name: 'workflows.get',
    summary: 'Show where a workflow stands',
    effect: 'read',
    permission: 'memory:read',
    positionals: ['id'],
    mcp: { tool: 'state_read' },
    examples: ['hivewax workflows get nightly'],
    input: z => z.object({ id: id(z) }),
    run: (memory, input) => memory.workflows.get(input.id),
  }),
  operation({
    name: 'workflows.list',
    summary: 'List workflows, the one saved last first',
    effect: 'read',
    permission: 'memory:read',
    mcp: { tool: 'state_read', unlisted: ['workflowType'] },
    view: workflowView,
    examples: ['hivewax workflows list', 'hivewax workflows list --workflow-type ci'],
    input: z =>
      z.object({ workflowType: z.string().optional().describe('Only workflows of this type'), ...page(z) }),
    run: (memory, filter, long) => memory.workflows.list({ ...filter, signal: long?.signal }),
  }),
  operation({
    name: 'workflows.history',
    summary: 'List what a workflow was at its last 100 saves, newest first',
    effect: 'read',
    permission: 'memory:read',
    positionals: ['id'],
    mcp: { tool: 'state_read' },
    view: workflowVersionView,
    examples: ['hivewax workflows history nightly', 'hivewax workflows history nightly --limit 5'],
    input: z => z.object({ id: id(z), ...page(z) }),
    run: (memory, { id, ...options }) => memory.workflows.history(id, options),
  }),
  operation({
    name: 'workflows.steps',
    summary: 'List the steps of a workflow that are done, with their results',
    effect: 'read',
    permission: 'memory:read',
    positionals: ['id'],
    mcp: { tool: 'state_read' },
    view: stepView,
    examples: ['hivewax workflows steps nightly'],
    input: z => z.object({ id: id(z), ...page(z) }),
    run: (memory, { id, ...options }) => memory.workflows.steps(id, options),
  }),
  operation({
    name: 'workflows.getStep',
    summary: 'Show a step that is done, so that it need not run again',
    effect: 'read',
    permission: 'memory:read',
    positionals: ['id', 'name'],
    examples: ['hivewax workflows get-step nightly lint'],
    input: z => z.object(step(z)),
    run: (memory, { id, name, ...options }) => memory.workflows.getStep(id, name, options),
  }),
  operation({
    name: 'workflows.completeStep',
    summary: 'Keep the result of a step for good, unless one is kept already, and show what is kept',
    effect: 'write',
    permission: 'memory:write',
    reveals: 'memory:read',
    isIdempotent: true,
    positionals: ['id', 'name', 'result'],
    mcp: { tool: 'state_write', unlisted: ['iteration'] },
    examples: ['hivewax workflows complete-step nightly lint \'{"warnings":0}\''],
    input: z => z.object({ ...step(z), result: json(z, 'JSON; on a command line plain text is a string') }),
    holds: ({ id }) => [{ kind: 'run', name: id }],
    run: (memory, { id, name, result, ...options }) =>
      memory.workflows.completeStep(id, name, result, options),
  }),
  operation({
    name: 'workflows.start',
    summary: 'Begin a run for whichever process serves its type',
    effect: 'write',
    permission: 'memory:write',
    reveals: 'memory:read',
    positionals: ['type', 'payload'],
    arguments: ['type'],
    renamed: { input: 'payload', version: 'codeVersion' },
    examples: [
      'hivewax workflows start deploy \'{"commit":"4f2a"}\' --id deploy-42',
      'hivewax workflows start deploy --id deploy-43 --code-version 3',
    ],
    input: z =>
      z.object({
        type: z.string().describe('What kind of workflow: which code works on it'),
        payload: json(
          z,
          'JSON for the code, its `input`; on a command line plain text is a string',
        ).optional(),
        id: z.string().optional().describe("The workflow's id; default: a new one"),
        codeVersion: z
          .string()
          .optional()
          .describe('The version of the code that may work on it; default: 1'),
      }),
    run: (memory, { type, payload, id, codeVersion: version }) =>
      memory.workflows.start(type, { input: payload, id, version }),
  }),
  operation({
    name: 'workflows.signal',
    summary: 'Send a workflow a signal, now or before it waits for it; the first of a name is kept',
    effect: 'write',
    permission: 'memory:write',
    reveals: 'memory:read',
    positionals: ['id', 'name', 'payload'],
    examples: ['hivewax workflows signal deploy-42 approved \'{"by":"ann"}\''],
    input: z =>
      z.object({
        id: id(z),
        name: z.string().describe("The signal's name, 1 to 512 bytes"),
        payload: json(z, 'JSON to tell; on a command line plain text is a string; default: null').optional(),
      }),
    run: (memory, { id, name, payload }) => memory.workflows.signal(id, name, payload),
  }),
  operation({
    name: 'workflows.getRun',
    summary: 'Show the run of a workflow: how it stands, who works on it, what it waits for',
    effect: 'read',
    permission: 'memory:read',
    positionals: ['id'],
    examples: ['hivewax workflows get-run deploy-42'],
    input: z => z.object({ id: id(z) }),
    run: (memory, input) => memory.workflows.getRun(input.id),
  }),
  operation({
    name: 'workflows.listRuns',
    summary: 'List runs, the one begun last first',
    effect: 'read',
    permission: 'memory:read',
    view: runView,
    examples: ['hivewax workflows list-runs', 'hivewax workflows list-runs --status failed --type deploy'],
    input: z =>
      z.object({
        status: z.enum(statuses).optional().describe('Only runs that stand so'),
        type: z.string().optional().describe('Only runs of this type'),
        ...page(z),
      }),
    run: (memory, filter, long) => memory.workflows.listRuns({ ...filter, signal: long?.signal }),
  }),
  operation({
    name: 'workflows.cancel',
    summary: 'Cancel a run that is open',
    effect: 'write',
    permission: 'memory:write',
    reveals: 'memory:read',
    positionals: ['id'],
    examples: ['hivewax workflows cancel deploy-42'],
    input: z => z.object({ id: id(z) }),
    holds: ({ id }) => [{ kind: 'run', name: id }],
    run: (memory, input) => memory.workflows.cancel(input.id),
  }),
  operation({
    name: 'workflows.retry',
    summary: 'Open a run again that has failed or was cancelled; the steps that are done stay',
    effect: 'write',
    permission: 'memory:write',
    reveals: 'memory:read',
    positionals: ['id'],
    renamed: { version: 'codeVersion' },
    examples: ['hivewax workflows retry deploy-42', 'hivewax workflows retry deploy-42 --code-version 4'],
    input: z =>
      z.object({
        id: id(z),
        codeVersion: z
          .string()
          .optional()
          .describe('The version of the code that is to go on; default: as it was'),
      }),
    holds: ({ id }) => [{ kind: 'run', name: id }],
    run: (memory, { id, codeVersion: version }) => memory.workflows.retry(id, { version }),
  }),
  operation({
    name: 'workflows.fork',
    summary: 'Begin a run with the steps of another, up to a certain one',
    effect: 'write',
    permission: 'memory:write',
    reveals: 'memory:read',
    positionals: ['id'],
    renamed: { version: 'codeVersion' },
    examples: [
      'hivewax workflows fork deploy-42 --after build --new-id deploy-42b',
      'hivewax workflows fork deploy-42 --code-version 4',
    ],
    input: z =>
      z.object({
        id: id(z),
        newId: z.string().optional().describe("The new workflow's id; default: a new one"),
        after: z.string().optional().describe('The last step to begin with; default: all that are done'),
        iteration: step(z).iteration,
        codeVersion: z
          .string()
          .optional()
          .describe('The version of the code that is to go on; default: the same'),
      }),
    run: (memory, { id, codeVersion: version, ...options }) =>
      memory.workflows.fork(id, { ...options, version }),
  }),
  operation({
    name: 'workflows.delete',
    summary: 'Delete a workflow with its history, its steps and its run',
    effect: 'destroy',
    permission: 'memory:delete',
    reveals: 'nothing',
    positionals: ['id'],
    mcp: { tool: 'forget' },
    examples: ['hivewax workflows delete nightly'],
    input: z => z.object({ id: id(z) }),
    holds: ({ id }) => [{ kind: 'run', name: id }],
    run: (memory, input) => memory.workflows.delete(input.id),
  }),
]
