import { operation, type Zod } from '../operation.ts'
import { page, timeOrDuration } from '../schemas.ts'
import { resolutions } from './rollup.ts'
import { metricView, summaryView } from './views.ts'

const name = (z: Zod) => z.string().describe('The name of the metric, 1 to 512 bytes')

const measurement = (z: Zod) => ({
  name: name(z),
  value: z.number().describe('The measured number'),
  tags: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
    .optional()
    .describe('What tells it from others of its name, up to 32 tags'),
})

const range = (z: Zod) => ({
  since: timeOrDuration(z, 'From when on: a time, or back from now, such as 1h').optional(),
  until: timeOrDuration(z, 'Until when, that moment excluded: a time, or back from now').optional(),
})

export const metricsOperations = [
  operation({
    name: 'metrics.record',
    summary: 'Record a measurement',
    effect: 'write',
    permission: 'memory:write',
    reveals: 'nothing',
    positionals: ['name', 'value'],
    arguments: ['name', 'value', 'tags'],
    mcp: { tool: 'log_write' },
    examples: [
      'hivewax metrics record build_ms 128.5',
      'hivewax metrics record build_ms 5400 --tags agent=coder-1,cached=false',
    ],
    input: z => z.object(measurement(z)),
    run: (memory, { name, value, tags }) => memory.metrics.record(name, value, tags),
  }),
  operation({
    name: 'metrics.recordMany',
    summary: 'Record up to 10,000 measurements, all or none',
    effect: 'write',
    permission: 'memory:write',
    reveals: 'nothing',
    arguments: ['metrics'],
    records: ['metrics'],
    examples: [
      'hivewax metrics record-many --metrics \'[{"name":"lines","value":120,"tags":{"file":"a.ts"}}]\'',
    ],
    input: z =>
      z.object({
        metrics: z
          .array(
            z.object({
              ...measurement(z),
              timestamp: timeOrDuration(z, 'When it was measured; default now').optional(),
            }),
          )
          .describe('The measurements'),
      }),
    run: (memory, { metrics }) => memory.metrics.recordMany(metrics),
  }),
  operation({
    name: 'metrics.list',
    summary: 'List measurements that were not rolled up, the latest first',
    effect: 'read',
    permission: 'memory:read',
    view: metricView,
    examples: ['hivewax metrics list --name build_ms --since 1h'],
    input: z => z.object({ name: name(z).optional(), ...range(z), ...page(z) }),
    run: (memory, filter) => memory.metrics.list(filter),
  }),
  operation({
    name: 'metrics.names',
    summary: 'List the names of all metrics',
    effect: 'read',
    permission: 'memory:read',
    mcp: { tool: 'log_read' },
    examples: ['hivewax metrics names'],
    input: z => z.object({}),
    run: memory => memory.metrics.names(),
  }),
  operation({
    name: 'metrics.summary',
    summary: 'Summarize a metric: count, mean, extremes and percentiles',
    effect: 'read',
    permission: 'memory:read',
    positionals: ['name'],
    mcp: { tool: 'log_read', unlisted: ['until', 'groupBy'] },
    view: summaryView,
    examples: [
      'hivewax metrics summary build_ms --since 24h --group-by hour',
      'hivewax metrics summary build_ms --group-by agent',
    ],
    input: z =>
      z.object({
        name: name(z),
        ...range(z),
        groupBy: z.string().optional().describe('minute, hour or day (UTC), else the name of a tag'),
      }),
    run: (memory, { name, ...options }) => memory.metrics.summary(name, options),
  }),
  operation({
    name: 'metrics.rollup',
    summary: 'Replace old measurements by figures per minute, hour or day',
    effect: 'destroy',
    permission: 'memory:delete',
    reveals: 'nothing',
    examples: [
      'hivewax metrics rollup --older-than 30d',
      'hivewax metrics rollup --older-than 365d --resolution day --name build_ms',
    ],
    input: z =>
      z.object({
        olderThan: timeOrDuration(z, 'Measurements from before: a time, or an age such as 30d'),
        resolution: z.enum(resolutions).optional().describe('How long a window is; default hour'),
        name: z.string().optional().describe('Only of this metric'),
      }),
    run: (memory, options) => memory.metrics.rollup(options),
  }),
  operation({
    name: 'metrics.setRetention',
    summary: 'Set at what age the background work rolls measurements up and deletes them',
    effect: 'write',
    permission: 'memory:delete',
    reveals: 'nothing',
    examples: ['hivewax metrics set-retention --rollup-after 30d --delete-after 365d'],
    input: z =>
      z.object({
        rollupAfter: timeOrDuration(
          z,
          'Figures per hour from this age on, such as 30d; default: never',
        ).optional(),
        deleteAfter: timeOrDuration(
          z,
          'Nothing is left at this age, such as 365d; default: never',
        ).optional(),
      }),
    run: (memory, retention) => memory.metrics.setRetention(retention),
  }),
  operation({
    name: 'metrics.retention',
    summary: 'Show how long measurements are kept, in milliseconds',
    effect: 'read',
    permission: 'memory:read',
    examples: ['hivewax metrics retention'],
    input: z => z.object({}),
    run: memory => memory.metrics.retention(),
  }),
  operation({
    name: 'metrics.applyRetention',
    summary: 'Roll up and delete now what the retention says, as the background work does',
    effect: 'write',
    permission: 'memory:delete',
    reveals: 'nothing',
    examples: ['hivewax metrics apply-retention'],
    input: z => z.object({}),
    run: (memory, _input, long) => memory.metrics.applyRetention({ signal: long?.signal }),
  }),
  operation({
    name: 'metrics.prune',
    summary: 'Delete old measurements, and what was rolled up of them',
    effect: 'destroy',
    permission: 'memory:delete',
    reveals: 'nothing',
    examples: [
      'hivewax metrics prune --older-than 30d',
      'hivewax metrics prune --older-than 7d --name build_ms',
    ],
    input: z =>
      z.object({
        olderThan: timeOrDuration(z, 'Measurements from before: a time, or an age such as 30d'),
        name: z.string().optional().describe('Only of this metric'),
      }),
    run: (memory, options) => memory.metrics.prune(options),
  }),
]
