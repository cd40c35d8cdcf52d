// biome-ignore-all lint/suspicious/noThenProperty: it is the name of an option
import { describe, expect, it } from 'vitest'
import { classIn } from '../../scripts/docs/source.ts'
import { importFrom } from '../../src/importers/import-from.ts'
import type { Memory } from '../../src/memory.ts'
import { type OpenOptions, openMemory } from '../../src/open.ts'
import { openScratch } from '../support/memory.ts'
import { openHttpScratch } from '../support/server.ts'

/** Types of a last parameter that holds no options: names and values of the user's, and what is called. */
const plain =
  /^(string|number|boolean|unknown|number \| undefined|readonly (string|Param)\[\]|Tags|AbortSignal|Record<.*|.*=>.*)$/

/** The types of the parameters of a method, as its source declares them. */
function parameterTypes(signature: string): string[] {
  const text = signature.replaceAll(/\s+/g, ' ').replaceAll('=>', '→')
  const parts: string[] = ['']
  let depth = 0
  for (const character of text.slice(text.indexOf('('))) {
    if ('({[<'.includes(character)) depth++
    if (')}]>'.includes(character)) depth--
    if (depth === 0) break
    if (depth === 1 && character === ',') parts.push('')
    else parts[parts.length - 1] += character
  }
  const parameters = parts.map(part => part.replace(/^\(/, '').trim()).filter(Boolean)
  return parameters.map(
    part => /^\w+\??: (.*?)(?: = .*)?$/.exec(part)?.[1]?.replaceAll('→', '=>') ?? 'string',
  )
}

interface Call {
  name: string
  args: unknown[]
}

/** A call of each method of a class that takes options, with one that it does not have. */
function callsOf(prefix: string, file: string, type: string): Call[] {
  return classIn(file, type).methods.flatMap(({ name, text }) => {
    const types = parameterTypes(text)
    const last = types.at(-1) ?? 'string'
    if (plain.test(last)) return []
    const unknown = { nmespace: 'x' }
    const given = /^readonly .*\[\]$/.test(last) ? [unknown] : unknown
    return [{ name: prefix + name, args: [...types.slice(1).map(() => 'x'), given] }]
  })
}

const domains = {
  kv: 'Kv',
  sessions: 'Sessions',
  agents: 'Agents',
  tasks: 'Tasks',
  shared: 'SharedState',
  events: 'Events',
  patterns: 'Patterns',
  history: 'History',
  metrics: 'Metrics',
  workflows: 'Workflows',
  topology: 'Topology',
  consensus: 'Consensus',
  locks: 'Locks',
  reservations: 'Reservations',
  tokens: 'Tokens',
  maintenance: 'Maintenance',
}
const calls = [
  ...callsOf('', 'transaction.ts', 'Transaction'),
  ...callsOf('', 'memory.ts', 'Memory'),
  ...Object.entries(domains).flatMap(([name, type]) => callsOf(`${name}.`, `${name}/${name}.ts`, type)),
]

/** What a call throws or rejects with. */
async function failureOf(memory: Memory, { name, args }: Call): Promise<unknown> {
  const path = name.split('.')
  const owner = path.length === 1 ? memory : Reflect.get(memory, path[0]!)
  const method: (...args: unknown[]) => unknown = Reflect.get(owner, path.at(-1)!)
  try {
    return await method.apply(owner, args)
  } catch (error) {
    return error
  }
}

const refused = { code: 'invalid_input', message: expect.stringMatching(/ has no option "nmespace"/) }

describe('an option that a method does not have', () => {
  it('is looked for in every domain', async () => {
    const memory = await openScratch()
    const fields = Object.entries(memory).filter(([, field]) => typeof field === 'object')
    expect(fields.map(([name]) => name).sort()).toEqual(Object.keys(domains).sort())
    expect(calls.length).toBeGreaterThan(100)
  })

  it.each(calls)('is refused by name: $name', async call => {
    expect(await failureOf(await openScratch(), call)).toMatchObject(refused)
  })

  it('is refused through a server too', async () => {
    const memory = await openHttpScratch()
    const claim = { id: 'x', token: 1 }
    const items: Record<string, object> = {
      'kv.storeMany': { key: 'x', value: 1 },
      'tasks.createMany': { description: 'x' },
      'tasks.completeMany': claim,
      'events.logMany': { type: 'x' },
      'metrics.recordMany': { name: 'x', value: 1 },
    }
    const failures = await Promise.all(
      calls.map(({ name, args }) => {
        const item = items[name]
        return failureOf(memory, { name, args: item ? [[{ ...item, nmespace: 'x' }]] : args })
      }),
    )
    const passed = calls.filter((_, i) => {
      const { code, message } = failures[i] as { code?: string; message?: string }
      return code !== 'unsupported' && !message?.includes('has no option "nmespace"')
    })
    expect(passed.map(({ name }) => name)).toEqual([])
  })

  it('is named with the call and the option that was meant', async () => {
    const memory = await openScratch()
    await expect(memory.store('k', 1, { nmespace: 'x' } as object)).rejects.toMatchObject({
      message: 'kv.store has no option "nmespace"; did you mean namespace?',
      hint: expect.stringContaining('expectedRevision, expiresAt, ifAbsent, metadata, namespace, ttl'),
      details: { call: 'kv.store', option: 'nmespace' },
    })
    await expect(memory.store('k', 1, { constructor: 'x' } as object)).rejects.toMatchObject({
      message: 'kv.store has no option "constructor"',
    })
    await expect(memory.store('k', 1, 'x' as never)).rejects.toMatchObject({
      message: 'kv.store takes an object, got "x"',
    })
    expect(await memory.retrieve('k')).toBeUndefined()
  })

  it('is refused within what a call takes: a scheduled task, a step of a transaction, a backoff', async () => {
    const memory = await openScratch()
    const task = { description: 'x', prioritty: 'high' }
    await expect(memory.tasks.schedule({ id: 's', everyMs: 1_000, task })).rejects.toThrow(
      'did you mean priority?',
    )
    const transaction = { then: [{ update: 'k', value: 1, leese: 'l' }] }
    await expect(memory.shared.transact(transaction)).rejects.toThrow('did you mean lease?')
    const backoff = { baseMS: 5 } as object
    await expect(memory.tasks.create({ description: 'x', backoff })).rejects.toThrow('did you mean baseMs?')
    const step = memory.workflows.run('w', w => w.step('s', () => 1, { retry: {} } as object))
    await expect(step).rejects.toThrow('workflow.step has no option "retry"')
  })

  it('is refused by openMemory and importFrom', async () => {
    const options = { durabilty: 'normal' } as OpenOptions
    await expect(openMemory(':memory:', options)).rejects.toThrow(
      'openMemory has no option "durabilty"; did you mean durability?',
    )
    const memory = await openScratch()
    await expect(importFrom(memory, 'x', { dryrun: true } as object)).rejects.toThrow('did you mean dryRun?')
  })

  it('is none where a whole record proves what its holder has', async () => {
    const memory = await openScratch()
    const agent = await memory.registerAgent({ id: 'a', type: 'worker' })
    const acting = memory.as('a', agent)
    await acting.agents.heartbeat('a', agent)
    const { id } = await memory.tasks.create({ description: 'x' })
    const [task] = await acting.tasks.claim()
    await memory.tasks.heartbeat(task!)
    expect(await memory.tasks.complete({ ...task!, result: 1 })).toEqual({ id, status: 'completed' })
    await memory.locks.withLock('l', async held => memory.locks.assert(held))
    expect(await memory.locks.release(await memory.locks.acquire('l'))).toBe(true)
  })
})
