// Watches the shared state after revision SINCE and handles the events as GROUP, at once, and prints what comes as
// JSON, until killed.
import fs from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { openMemory } from '../../src/open.ts'

const [location, since, group] = process.argv.slice(2)
const memory = await openMemory(location, { background: false, durability: 'normal', busyTimeoutMs: 60_000 })
const say = (line: object) => fs.writeSync(1, `${JSON.stringify(line)}\n`)

async function watch(): Promise<void> {
  for await (const { revision, changes } of memory.shared.watch('', { since: Number(since) }))
    say({ revision, changes: changes.map(({ key, value }) => [key, value]) })
}

async function handle(): Promise<void> {
  const subscription = memory.events.subscribe({ types: ['work'], since: 0, group, leaseMs: 100 })
  for await (const { id, source, data } of subscription) {
    // Handling takes a while, in which the process may be killed.
    await sleep(1)
    say({ id, source, data })
  }
}

await Promise.all([watch(), handle()])
