// Does what it is told on stdin, one JSON line { n, path, args } for each call of a method of its memory, and prints
// { n, value } or { n, error }. Arguments: LOCATION, the agent's id, milliseconds by which its wall clock is off.
import readline from 'node:readline'
import { HivewaxError } from '../../src/errors.ts'
import { openMemory } from '../../src/open.ts'
import { systemClock } from '../../src/util/clock.ts'

const [location, agentId, wallOffsetMs] = process.argv.slice(2)
const memory = await openMemory(location, {
  background: false,
  busyTimeoutMs: 60_000,
  agentId,
  clock: { ...systemClock, now: () => Date.now() + Number(wallOffsetMs) },
})

async function call(path: string, args: unknown[]): Promise<unknown> {
  const names = path.split('.')
  const method = names.pop() ?? ''
  const target = names.reduce((object: object, name) => Reflect.get(object, name), memory)
  return Reflect.apply(Reflect.get(target, method), target, args)
}

function reasonOf(error: unknown): unknown {
  if (error instanceof HivewaxError) return error
  throw error
}

for await (const line of readline.createInterface({ input: process.stdin })) {
  const { n, path, args } = JSON.parse(line)
  const answer = await call(path, args).then(
    value => ({ value }),
    error => ({ error: reasonOf(error) }),
  )
  console.log(JSON.stringify({ n, ...answer }))
}
await memory.close()
