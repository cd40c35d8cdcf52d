import { operation, type RunOptions, type Zod } from '../operation.ts'
import { time } from '../schemas.ts'
import { hotKeyView, orphanView } from './views.ts'

const file = (z: Zod, description: string) => z.string().describe(description)

const duration = (z: Zod, description: string) => z.union([z.string(), z.number()]).describe(description)

const statement = (z: Zod) => ({
  sql: z.string().describe('One statement in the SQL of the engine; ? stands for a value'),
  params: z
    .array(z.union([z.string(), z.number(), z.boolean(), z.null()]))
    .optional()
    .describe('The values of ?, in order'),
})

/** What a job that cannot be ended early takes of a caller. */
const reporting = (long?: RunOptions) => ({ onProgress: long?.onProgress })

const abortable = (long?: RunOptions) => ({ onProgress: long?.onProgress, signal: long?.signal })

export const maintenanceOperations = [
  operation({
    name: 'maintenance.stats',
    summary: 'Show how large the store is and how many rows its tables hold',
    effect: 'read',
    permission: 'memory:read',
    inTransaction: false,
    mcp: { tool: 'log_read' },
    examples: ['hivewax stats', 'hivewax stats --json'],
    input: z => z.object({}),
    run: memory => memory.maintenance.stats(),
  }),
  operation({
    name: 'maintenance.doctor',
    summary: 'Check the store and its surroundings, and say what to do about what is wrong',
    effect: 'read',
    permission: 'admin',
    inTransaction: false,
    examples: ['hivewax doctor'],
    input: z => z.object({}),
    run: (memory, _input, long) => memory.maintenance.doctor(reporting(long)),
  }),
  operation({
    name: 'maintenance.backup',
    summary: 'Copy the store into one file, checked and with its checksum, while others go on',
    effect: 'write',
    permission: 'backup',
    reveals: 'nothing',
    inTransaction: false,
    files: ['path'],
    positionals: ['path'],
    examples: ['hivewax backup backups/memory.db', 'hivewax backup "backups/$(date +%F).db" --no-overwrite'],
    input: z =>
      z.object({
        path: file(z, 'The file to write'),
        overwrite: z.boolean().optional().describe('Replace an earlier backup of that name; default: true'),
      }),
    namespaces: () => ['*'],
    run: (memory, { path, ...options }, long) =>
      memory.maintenance.backup(path, { ...abortable(long), ...options }),
  }),
  operation({
    name: 'maintenance.restore',
    summary: 'Replace everything in the store with what a backup holds',
    effect: 'destroy',
    permission: 'admin',
    reveals: 'nothing',
    inTransaction: false,
    files: ['path'],
    positionals: ['path'],
    examples: ['hivewax restore backups/memory.db'],
    input: z => z.object({ path: file(z, 'A file that `hivewax backup` wrote') }),
    namespaces: () => ['*'],
    run: (memory, { path }, long) => memory.maintenance.restore(path, reporting(long)),
  }),
  operation({
    name: 'maintenance.recover',
    summary: 'Copy what can still be read of a damaged store into a new file',
    effect: 'write',
    permission: 'admin',
    reveals: 'nothing',
    inTransaction: false,
    files: ['path', 'from'],
    positionals: ['path'],
    examples: ['hivewax recover salvaged.db', 'hivewax recover salvaged.db --from damaged.db'],
    input: z =>
      z.object({
        path: file(z, 'The new file'),
        from: z.string().optional().describe('The damaged file; default: that of this store'),
      }),
    namespaces: () => ['*'],
    run: (memory, { path, ...options }, long) =>
      memory.maintenance.recover(path, { ...abortable(long), ...options }),
  }),
  operation({
    name: 'maintenance.exportNamespace',
    summary: 'Write all records of a namespace to a JSON or NDJSON file',
    effect: 'write',
    permission: 'backup',
    reveals: 'nothing',
    inTransaction: false,
    files: ['path'],
    positionals: ['namespace', 'path'],
    examples: ['hivewax export-namespace config config.json', 'hivewax export-namespace logs logs.ndjson'],
    input: z =>
      z.object({
        namespace: z.string().describe('The namespace to export'),
        path: file(z, 'The file to write: .json, or .ndjson with a record per line'),
      }),
    namespaces: ({ namespace }) => [namespace],
    run: (memory, { namespace, path }, long) =>
      memory.maintenance.exportNamespace(namespace, path, reporting(long)),
  }),
  operation({
    name: 'maintenance.importNamespace',
    summary: 'Store the records of an exported file',
    effect: 'write',
    permission: 'memory:write',
    reveals: 'nothing',
    inTransaction: false,
    files: ['path'],
    positionals: ['path'],
    examples: [
      'hivewax import-namespace config.json',
      'hivewax import-namespace config.json --namespace staging --on-conflict skip',
    ],
    input: z =>
      z.object({
        path: file(z, 'The file to read: .json or .ndjson'),
        namespace: z.string().optional().describe('Where the records go; default: the namespace in the file'),
        onConflict: z
          .enum(['replace', 'skip', 'fail'])
          .optional()
          .describe('What to do with a key that exists; default: replace'),
      }),
    namespaces: ({ namespace = '*' }) => [namespace],
    run: (memory, { path, ...options }, long) =>
      memory.maintenance.importNamespace(path, {
        ...reporting(long),
        ...options,
        exportsOf: long?.namespaces,
      }),
  }),
  operation({
    name: 'maintenance.cleanup',
    summary: 'Free the space of what has expired',
    effect: 'write',
    permission: 'memory:delete',
    reveals: 'nothing',
    inTransaction: false,
    examples: ['hivewax cleanup', 'hivewax cleanup --expired-before 2026-01-01'],
    input: z =>
      z.object({
        expiredBefore: time(z, 'Only what had expired by then; default: now').optional(),
      }),
    namespaces: () => ['*'],
    run: (memory, options) => memory.maintenance.cleanup(options),
  }),
  operation({
    name: 'maintenance.vacuum',
    summary: 'Give free space in the file back to the disk',
    effect: 'write',
    permission: 'admin',
    reveals: 'nothing',
    inTransaction: false,
    examples: ['hivewax vacuum', 'hivewax vacuum --full'],
    input: z =>
      z.object({
        full: z.boolean().optional().describe('Close the gaps between records too, while writers wait'),
      }),
    run: (memory, options, long) => memory.maintenance.vacuum({ ...abortable(long), ...options }),
  }),
  operation({
    name: 'maintenance.optimize',
    summary: "Index what waits, and bring the full-text index and the planner's statistics into shape",
    effect: 'write',
    permission: 'admin',
    reveals: 'nothing',
    inTransaction: false,
    examples: ['hivewax optimize'],
    input: z => z.object({}),
    run: (memory, _input, long) => memory.maintenance.optimize(abortable(long)),
  }),
  operation({
    name: 'maintenance.reindex',
    summary: 'Build every index anew',
    effect: 'write',
    permission: 'admin',
    reveals: 'nothing',
    inTransaction: false,
    examples: ['hivewax reindex'],
    input: z => z.object({}),
    run: (memory, _input, long) => memory.maintenance.reindex(abortable(long)),
  }),
  operation({
    name: 'maintenance.analyzePerformance',
    summary: 'Show where space and time go, and what would help',
    effect: 'read',
    permission: 'memory:read',
    inTransaction: false,
    examples: ['hivewax analyze-performance'],
    input: z => z.object({}),
    namespaces: () => ['*'],
    run: memory => memory.maintenance.analyzePerformance(),
  }),
  operation({
    name: 'maintenance.analyzeUsage',
    summary: 'Show records, size, writes and reads by namespace, day or agent',
    effect: 'read',
    permission: 'memory:read',
    inTransaction: false,
    examples: ['hivewax analyze-usage', 'hivewax analyze-usage --group-by day --timeframe 30d'],
    input: z =>
      z.object({
        timeframe: duration(z, 'How far back writes and reads count, such as 24h; default: 7d').optional(),
        groupBy: z.enum(['namespace', 'day', 'agent']).optional().describe('default: namespace'),
      }),
    namespaces: () => ['*'],
    run: (memory, options) => memory.maintenance.analyzeUsage(options),
  }),
  operation({
    name: 'maintenance.hotKeys',
    summary: 'List the keys that are read most',
    effect: 'read',
    permission: 'memory:read',
    inTransaction: false,
    view: hotKeyView,
    examples: ['hivewax hot-keys', 'hivewax hot-keys --threshold 100 --timeframe 24h'],
    input: z =>
      z.object({
        threshold: z
          .number()
          .int()
          .min(0)
          .optional()
          .describe('Only keys read more often than this; default: 0'),
        timeframe: duration(z, 'How far back to look, such as 15m; default: 1h').optional(),
        limit: z.number().int().min(1).max(10_000).optional().describe('How many at most; default: 100'),
      }),
    namespaces: () => ['*'],
    run: (memory, options) => memory.maintenance.hotKeys(options),
  }),
  operation({
    name: 'maintenance.findOrphans',
    summary: 'List the records that refer to something that is gone',
    effect: 'read',
    permission: 'memory:read',
    inTransaction: false,
    view: orphanView,
    examples: ['hivewax find-orphans'],
    input: z => z.object({}),
    run: memory => memory.maintenance.findOrphans(),
  }),
  operation({
    name: 'maintenance.cleanupOrphans',
    summary: 'Remove the records that refer to something that is gone',
    effect: 'destroy',
    permission: 'admin',
    reveals: 'nothing',
    inTransaction: false,
    examples: ['hivewax cleanup-orphans'],
    input: z => z.object({}),
    run: memory => memory.maintenance.cleanupOrphans(),
  }),
  operation({
    name: 'maintenance.query',
    summary: 'Run one SQL statement that only reads, and print its rows',
    effect: 'read',
    permission: 'sql:read',
    // Its statements run where those of all others do, and none of them can be stopped there.
    inTransaction: 'admin',
    positionals: ['sql', 'params'],
    examples: [
      'hivewax query "select key, updated_at from memory_store order by updated_at desc limit 5"',
      'hivewax query "select * from tasks where status = ?" completed --json',
      'hivewax query - < report.sql',
    ],
    input: z => z.object(statement(z)),
    namespaces: () => ['*'],
    run: (memory, { sql, params }, long) =>
      memory.query(sql, params, { timeoutMs: long?.timeoutMs, caller: long?.caller }),
  }),
  operation({
    name: 'maintenance.execute',
    summary: 'Run one SQL statement that may write',
    effect: 'destroy',
    permission: 'admin',
    reveals: 'admin',
    positionals: ['sql', 'params'],
    examples: ['hivewax execute "delete from performance_metrics where timestamp < ?" 2026-01-01'],
    input: z => z.object(statement(z)),
    namespaces: () => ['*'],
    run: (memory, { sql, params }) => memory.execute(sql, params),
  }),
]
