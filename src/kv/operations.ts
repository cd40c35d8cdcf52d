import { operation } from '../operation.ts'
import { json, namespace, time } from '../schemas.ts'

export const kvOperations = [
  operation({
    name: 'kv.store',
    summary: 'Store a value under a key, replacing what was there',
    effect: 'write',
    permission: 'memory:write',
    positionals: ['key', 'value'],
    examples: [
      'hivewax store greeting "hello"',
      'hivewax store user_preferences \'{"theme":"dark"}\' --namespace ui --ttl 3600',
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
        expectedRevision: z.number().int().min(0).optional().describe('Refuse unless the record has this revision'),
      }),
    run: (memory, { key, value, ...options }) => memory.kv.store(key, value, options),
  }),
  operation({
    name: 'kv.retrieve',
    summary: 'Print the value of a key',
    effect: 'read',
    permission: 'memory:read',
    positionals: ['key'],
    examples: ['hivewax retrieve greeting', 'hivewax retrieve user_preferences --namespace ui'],
    input: z => z.object({ key: z.string().describe('1 to 512 bytes'), namespace: namespace(z) }),
    run: (memory, { key, ...options }) => memory.kv.retrieve(key, options),
  }),
]
