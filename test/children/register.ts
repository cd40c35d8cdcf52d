// Reads and changes a few keys of shared state and of key-value memory, at random, COUNT times, beginning when a line
// comes on stdin; then prints what it did, a JSON line for each call. As a MODE "stale" it answers some reads from a
// cache of its own, and as "two-steps" it compares first and sets then: the harness must notice either.
import { once } from 'node:events'
import { Conflict } from '../../src/errors.ts'
import { openMemory } from '../../src/open.ts'
import type { RegisterCall, RegisterOutcome, Versioned } from '../support/register.ts'
import { seeded } from '../support/rounds.ts'

const [location, name, seed, count, mode] = process.argv.slice(2)
const memory = await openMemory(location, { background: false, durability: 'normal', busyTimeoutMs: 60_000 })
const random = seeded(Number(seed))
const pick = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)] as T

const targets = ['shared/a', 'shared/b', 'kv/a', 'kv/b']
/** What this process has last seen of each key. */
const seen = new Map<string, Versioned>()
const versionOf = (found: Versioned | undefined) => found?.version ?? 0

interface Register {
  get(): Promise<Versioned>
  peek(): Promise<string | null>
  set(value: string, expected?: number): Promise<number>
  delete(expected?: number): Promise<boolean>
}

function shared(key: string): Register {
  const get = async () => {
    const entry = await memory.shared.get(key)
    return entry === undefined ? null : { value: String(entry.value), version: entry.version }
  }
  return {
    get,
    peek: async () => (await get())?.value ?? null,
    set: async (value, expectedVersion) =>
      (await memory.shared.update(key, value, { expectedVersion })).version,
    delete: expectedVersion => memory.shared.delete(key, { expectedVersion }),
  }
}

function kv(key: string): Register {
  return {
    get: async () => {
      const record = await memory.kv.get(key)
      return record === undefined ? null : { value: String(record.value), version: record.revision }
    },
    peek: async () => ((await memory.retrieve(key)) as string | undefined) ?? null,
    set: async (value, expectedRevision) =>
      (await memory.kv.store(key, value, { expectedRevision })).revision,
    delete: () => memory.kv.delete(key),
  }
}

function nextCall(target: string, value: string): RegisterCall {
  const expected = versionOf(seen.get(target))
  const calls: RegisterCall[] = [
    { do: 'get' },
    { do: 'peek' },
    { do: 'set', value },
    { do: 'compare-and-set', value, expected },
    { do: 'compare-and-set', value, expected },
    { do: 'delete' },
  ]
  if (target.startsWith('shared/') && expected > 0) calls.push({ do: 'compare-and-delete', expected })
  return pick(calls)
}

async function run(target: string, call: RegisterCall): Promise<RegisterOutcome> {
  const register = target.startsWith('shared/') ? shared(target) : kv(target)
  switch (call.do) {
    case 'get':
      if (mode === 'stale' && seen.has(target) && random() < 0.5) return { found: seen.get(target) ?? null }
      return { found: await register.get() }
    case 'peek':
      return { peeked: await register.peek() }
    case 'set':
      return { version: await register.set(call.value) }
    case 'compare-and-set':
      if (mode !== 'two-steps') return { version: await register.set(call.value, call.expected) }
      if (versionOf(await register.get()) !== call.expected) return { conflict: 'unknown' }
      return { version: await register.set(call.value) }
    case 'delete':
      return { deleted: await register.delete() }
    case 'compare-and-delete':
      return { deleted: await register.delete(call.expected) }
  }
}

/** What a conflict tells of the key. Key-value memory looks again for it, which may be a moment later. */
function conflictOf(target: string, error: unknown): RegisterOutcome {
  if (!(error instanceof Conflict)) throw error
  if (target.startsWith('kv/')) return { conflict: 'unknown' }
  const { value, version } = error.details as { value: string; version: number }
  return { conflict: version === 0 ? null : { value, version } }
}

function learn(target: string, call: RegisterCall, outcome: RegisterOutcome): void {
  if ('found' in outcome) seen.set(target, outcome.found)
  else if ('version' in outcome && 'value' in call)
    seen.set(target, { value: call.value, version: outcome.version })
  else if ('deleted' in outcome) seen.set(target, null)
  else if ('conflict' in outcome && outcome.conflict !== 'unknown') seen.set(target, outcome.conflict)
}

console.log('ready')
await once(process.stdin, 'data')
process.stdin.destroy()
const lines: string[] = []
for (let n = 0; n < Number(count); n++) {
  const target = pick(targets)
  const input = nextCall(target, `${name}-${n}`)
  const startNs = process.hrtime.bigint()
  const output = await run(target, input).catch(error => conflictOf(target, error))
  const endNs = process.hrtime.bigint()
  learn(target, input, output)
  lines.push(
    JSON.stringify({ target, process: name, input, output, startNs: `${startNs}`, endNs: `${endNs}` }),
  )
}
console.log(lines.join('\n'))
await memory.close()
