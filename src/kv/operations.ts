import { operation } from '../operation.ts'
import { asOf, json, namespace, page, past, redaction, time } from '../schemas.ts'
import { defaultNamespace } from './record.ts'
import { memoryVersionView, memoryView, namespaceView } from './views.ts'

export const kvOperations = [
  operation({
    name: 'kv.store',
    summary: 'Store a value under a key, replacing what was there',
    effect: 'write',
    permission: 'memory:write',
    reveals: 'memory:read',
    positionals: ['key', 'value'],
    mcp: { tool: 'remember', unlisted: ['expiresAt', 'ifAbsent'] },
    examples: [
      'hivewax store greeting "hello"',
      'hivewax store build_settings \'{"minify":true}\' --namespace ui --ttl 3600',
      'cat notes.txt | hivewax store notes -',
    ],
    input: z =>
      z.object({
        key: z.string().describe('1 to 512 bytes'),
        value: json(z, 'JSON; on a command line plain text is a string'),
        namespace: namespace(z),
        ttl: z.number().positive().optional().describe('Seconds until it expires; default: never'),
        expiresAt: time(z, 'When it expires, instead of ttl').optional(),
        metadata: json(z, 'JSON kept beside the value').optional(),
        ifAbsent: z.boolean().optional().describe('Refuse when the key exists'),
        expectedRevision: z
          .number()
          .int()
          .min(0)
          .optional()
          .describe('Refuse unless the record has this revision'),
      }),
    namespaces: ({ namespace = defaultNamespace }) => [namespace],
    run: (memory, { key, value, ...options }) => memory.kv.store(key, value, options),
  }),
  operation({
    name: 'kv.retrieve',
    summary: 'Print the value of a key',
    effect: 'read',
    permission: 'memory:read',
    result: 'value',
    positionals: ['key'],
    examples: [
      'hivewax retrieve greeting',
      'hivewax retrieve build_settings --namespace ui',
      'hivewax retrieve greeting --as-of 2026-12-01T12:00:00Z',
    ],
    input: z => z.object({ key: z.string().describe('1 to 512 bytes'), namespace: namespace(z), ...past(z) }),
    namespaces: ({ namespace = defaultNamespace }) => [namespace],
    run: (memory, { key, ...options }) => memory.kv.retrieve(key, options),
  }),
  operation({
    name: 'kv.get',
    summary: 'Show the whole record of a key: value, metadata, times, revision',
    effect: 'read',
    permission: 'memory:read',
    positionals: ['key'],
    mcp: { tool: 'recall', answer: 'record', unlisted: ['asOf', 'revision'] },
    examples: ['hivewax get greeting', 'hivewax get greeting --revision 1'],
    input: z => z.object({ key: z.string().describe('1 to 512 bytes'), namespace: namespace(z), ...past(z) }),
    namespaces: ({ namespace = defaultNamespace }) => [namespace],
    run: (memory, { key, ...options }) => memory.kv.get(key, options),
  }),
  operation({
    name: 'kv.search',
    summary: 'List the records whose key matches a glob, in key order',
    effect: 'read',
    permission: 'memory:read',
    positionals: ['glob'],
    mcp: { tool: 'recall', assumed: { glob: '*' }, unlisted: ['asOf'] },
    view: memoryView,
    examples: ["hivewax search 'user_*'", "hivewax search '*' --namespace '*' --limit 20"],
    input: z =>
      z.object({
        glob: z.string().describe('* any text, ? one character, [ab] one of these; up to 256 characters'),
        namespace: z.string().optional().describe("Namespace; '*' is all of them; default: default"),
        asOf: asOf(z),
        ...page(z),
      }),
    namespaces: ({ namespace = defaultNamespace }) => [namespace],
    run: (memory, { glob, ...options }, long) => memory.kv.search(glob, { ...options, signal: long?.signal }),
  }),
  operation({
    name: 'kv.history',
    summary: 'List the changes of a key, latest first: what was stored, by whom, and when it was deleted',
    effect: 'read',
    permission: 'memory:read',
    positionals: ['key'],
    mcp: { tool: 'state_read' },
    view: memoryVersionView,
    examples: ['hivewax history greeting'],
    input: z => z.object({ key: z.string().describe('1 to 512 bytes'), namespace: namespace(z), ...page(z) }),
    namespaces: ({ namespace = defaultNamespace }) => [namespace],
    run: (memory, { key, ...options }) => memory.kv.history(key, options),
  }),
  operation({
    name: 'kv.diff',
    summary: 'Show how what a key holds now, or held at a revision, differs from another revision',
    effect: 'read',
    permission: 'memory:read',
    positionals: ['key', 'from', 'to'],
    arguments: ['key'],
    examples: ['hivewax diff build_settings 1', 'hivewax diff build_settings 1 3'],
    input: z =>
      z.object({
        key: z.string().describe('1 to 512 bytes'),
        from: z.number().int().min(1).describe('The revision to begin with'),
        to: z
          .number()
          .int()
          .min(1)
          .optional()
          .describe('The revision to compare with; default: what it holds now'),
        namespace: namespace(z),
      }),
    namespaces: ({ namespace = defaultNamespace }) => [namespace],
    run: (memory, { key, ...options }) => memory.kv.diff(key, options),
  }),
  operation({
    name: 'kv.revert',
    summary: 'Store again what a key held at an earlier revision',
    effect: 'write',
    permission: 'memory:write',
    reveals: 'nothing',
    positionals: ['key'],
    mcp: { tool: 'state_write' },
    examples: ['hivewax revert greeting --revision 1'],
    input: z =>
      z.object({
        key: z.string().describe('1 to 512 bytes'),
        revision: z.number().int().min(1).describe('The revision whose value is to be stored again'),
        namespace: namespace(z),
      }),
    namespaces: ({ namespace = defaultNamespace }) => [namespace],
    run: (memory, { key, ...options }) => memory.kv.revert(key, options),
  }),
  operation({
    name: 'kv.redact',
    summary: 'Remove for good what a key holds and has held; its history only says that there was something',
    effect: 'destroy',
    permission: 'admin',
    reveals: 'nothing',
    positionals: ['key'],
    examples: ['hivewax redact api-key', 'hivewax redact notes --revision 3 --reason "a password" --yes'],
    input: z =>
      z.object({ key: z.string().describe('1 to 512 bytes'), namespace: namespace(z), ...redaction(z) }),
    namespaces: ({ namespace = defaultNamespace }) => [namespace],
    run: (memory, { key, ...options }) => memory.kv.redact(key, options),
  }),
  operation({
    name: 'kv.storeMany',
    summary: 'Store many records in one transaction: all of them or none',
    effect: 'write',
    permission: 'memory:write',
    reveals: 'nothing',
    positionals: ['records'],
    records: ['records'],
    mcp: { tool: 'remember' },
    examples: [`hivewax store-many '[{"key":"a","value":1},{"key":"b","value":2}]'`],
    input: z =>
      z.object({
        records: z
          .array(
            z.object({
              key: z.string(),
              value: json(z, 'JSON'),
              namespace: namespace(z),
              ttl: z.number().positive().optional(),
              expiresAt: time(z, 'When it expires, instead of ttl').optional(),
              metadata: json(z, 'JSON kept beside the value').optional(),
            }),
          )
          .max(10_000)
          .describe('JSON array of { key, value, namespace?, ttl?, metadata? }'),
      }),
    namespaces: ({ records }) => records.map(({ namespace = defaultNamespace }) => namespace),
    run: (memory, { records }) => memory.kv.storeMany(records),
  }),
  operation({
    name: 'kv.retrieveMany',
    summary: 'Print the values of those keys that exist, by key',
    effect: 'read',
    permission: 'memory:read',
    positionals: ['keys'],
    mcp: { tool: 'recall' },
    examples: ['hivewax retrieve-many greeting,build_settings'],
    input: z =>
      z.object({
        keys: z.array(z.string()).max(10_000).describe('1 to 512 bytes each'),
        namespace: namespace(z),
      }),
    namespaces: ({ namespace = defaultNamespace }) => [namespace],
    run: async (memory, { keys, ...options }) =>
      Object.fromEntries(await memory.kv.retrieveMany(keys, options)),
  }),
  operation({
    name: 'kv.namespaces',
    summary: 'List the namespaces, each with its count of records',
    effect: 'read',
    permission: 'memory:read',
    mcp: { tool: 'recall' },
    view: namespaceView,
    examples: ['hivewax namespaces'],
    input: z => z.object(page(z)),
    namespaces: () => ['*'],
    run: (memory, options) => memory.kv.namespaces(options),
  }),
  operation({
    name: 'kv.delete',
    summary: 'Delete a key; tells whether it was there',
    effect: 'write',
    permission: 'memory:delete',
    reveals: 'nothing',
    positionals: ['key'],
    mcp: { tool: 'forget', isDefault: true },
    examples: ['hivewax delete greeting'],
    input: z => z.object({ key: z.string().describe('1 to 512 bytes'), namespace: namespace(z) }),
    namespaces: ({ namespace = defaultNamespace }) => [namespace],
    run: (memory, { key, ...options }) => memory.kv.delete(key, options),
  }),
  operation({
    name: 'kv.clearNamespace',
    summary: 'Delete every record of a namespace; tells how many there were',
    effect: 'destroy',
    permission: 'memory:delete',
    reveals: 'nothing',
    positionals: ['namespace'],
    mcp: { tool: 'forget' },
    examples: ['hivewax clear-namespace temp --yes'],
    input: z => z.object({ namespace: z.string().describe('1 to 128 bytes') }),
    namespaces: ({ namespace }) => [namespace],
    run: (memory, { namespace }) => memory.kv.clearNamespace(namespace),
  }),
]
