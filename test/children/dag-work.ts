// Works off tasks as AGENT until none is left, in batches under short leases, and notes in LOG what it is about to
// complete ("intent"), and then what came of it ("accepted", "stale"), each with the task and the token. It is a bad
// worker: it goes on whatever its heartbeats say, so that only the store can keep a result from counting twice.
import fs from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { openMemory } from '../../src/open.ts'

const [location, agentId, logFile, leaseMs] = process.argv.slice(2)
const lease = { leaseMs: Number(leaseMs) }
const memory = await openMemory(location, {
  background: false,
  durability: 'normal',
  busyTimeoutMs: 60_000,
  agentId,
})
const log = fs.openSync(logFile ?? '', 'a')
const note = (word: string, claims: readonly { id: string; token: number | undefined }[]) => {
  if (claims.length > 0) fs.writeSync(log, claims.map(({ id, token }) => `${word} ${id} ${token}\n`).join(''))
}

for (;;) {
  const tasks = await memory.tasks.claim({ ...lease, limit: 40 })
  if (tasks.length === 0) {
    const { pending, running, lapsed } = await memory.tasks.counts()
    if (pending + running + lapsed === 0) break
    await sleep(10)
    continue
  }
  for (let step = 0; step < 2; step++) {
    await sleep(Math.random() * 20)
    await memory.tasks.heartbeatMany(tasks, lease)
  }
  note('intent', tasks)
  const { held } = await memory.tasks.completeMany(
    tasks.map(({ id, token }) => ({ id, token, result: { by: agentId, token } })),
  )
  const isHeld = new Set(held)
  note(
    'accepted',
    tasks.filter(task => isHeld.has(task.id)),
  )
  note(
    'stale',
    tasks.filter(task => !isHeld.has(task.id)),
  )
}
await memory.close()
