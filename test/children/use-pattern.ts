// Waits for a line on stdin, so that many start at the same moment; then records COUNT outcomes of a pattern, every
// third one a failure, and COUNT uses, and prints the latest use that it was told of.
import { once } from 'node:events'
import { openMemory } from '../../src/open.ts'

const [location, id = '', count] = process.argv.slice(2)
const memory = await openMemory(location, { background: false, busyTimeoutMs: 60_000 })
console.log('ready')
await once(process.stdin, 'data')
let latest = 0
for (let i = 0; i < Number(count); i++) {
  const patterns = [
    await memory.patterns.recordOutcome(id, { success: i % 3 !== 0 }),
    await memory.patterns.use(id),
  ]
  for (const { lastUsed } of patterns) latest = Math.max(latest, lastUsed?.getTime() ?? 0)
}
await memory.close()
console.log(latest)
process.exit()
