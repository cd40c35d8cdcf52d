// Watches the shared state after revision SINCE and prints each revision as JSON, until killed; with COUNT it dies
// by SIGKILL after that many.
import fs from 'node:fs'
import { openMemory } from '../../src/open.ts'

const [location, since, count] = process.argv.slice(2)
const memory = await openMemory(location, { background: false, durability: 'normal', busyTimeoutMs: 60_000 })
let shown = 0
for await (const { revision, changes } of memory.shared.watch('', { since: Number(since) })) {
  const values = changes.map(({ key, version, value }) => ({ key, version, value }))
  fs.writeSync(1, `${JSON.stringify({ revision, values })}\n`)
  if (++shown === Number(count)) process.kill(process.pid, 'SIGKILL')
}
