// Completes tasks as AGENT in batches, several batches at a time, until none is left, and does again what the store
// says to try again. Prints `completed ID TOKEN` once that is acknowledged, `stale ID TOKEN` for a task that was taken
// away, and `unknown` when the connection broke during a commit.
import fs from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { HivewaxError } from '../../src/errors.ts'
import { openMemory } from '../../src/open.ts'

const [url, agentId, batches, leaseMs] = process.argv.slice(2)
const connections = Number(batches)
const memory = await persist(() =>
  openMemory(url, { background: false, agentId, maxConnections: connections }),
)

async function persist<T>(attempt: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if (!(error instanceof HivewaxError && error.retryable)) throw error
      if (error.details?.outcome === 'unknown') fs.writeSync(1, 'unknown\n')
      await sleep(20)
    }
  }
}

async function work(): Promise<void> {
  for (;;) {
    const tasks = await persist(() => memory.tasks.claim({ limit: 25, leaseMs: Number(leaseMs) }))
    if (tasks.length > 0) {
      const results = tasks.map(({ id, token }) => ({ id, token, result: { by: agentId, token } }))
      const { stale } = await persist(() => memory.tasks.completeMany(results))
      const tokens = new Map(tasks.map(({ id, token }) => [id, token]))
      // A completion that is done again finds its own.
      const lost = stale.filter(({ id, status, token }) => status !== 'completed' || token !== tokens.get(id))
      const isLost = new Set(lost.map(({ id }) => id))
      const word = (id: string) => (isLost.has(id) ? 'stale' : 'completed')
      fs.writeSync(1, tasks.map(({ id, token }) => `${word(id)} ${id} ${token}\n`).join(''))
    } else {
      const { pending, running, lapsed } = await persist(() => memory.tasks.counts())
      if (pending + running + lapsed === 0) return
      await sleep(20)
    }
  }
}

await Promise.all(Array.from({ length: connections }, work))
await memory.close()
