// Waits for a line on stdin, so that many start at the same moment; then writes COUNT times as an agent: keys of its own
// (`NAME-…`) and keys that all write (`shared-…`), now and then deleting one if it is told to. Prints what it has stored.
import { once } from 'node:events'
import { openMemory } from '../../src/open.ts'

const [location, name = '', count, deletes] = process.argv.slice(2)
const memory = await openMemory(location, { agentId: name, background: false, busyTimeoutMs: 60_000 })
console.log('ready')
await once(process.stdin, 'data')
for (let i = 0; i < Number(count); i++) {
  const key = i % 2 === 0 ? `shared-${i % 6}` : `${name}-${i % 4}`
  const value = `${name}:${i}`
  if (deletes === 'deletes' && i % 7 === 6) await memory.delete(key)
  else {
    await memory.store(key, value)
    console.log(`${key} ${value}`)
  }
}
await memory.close()
process.exit()
