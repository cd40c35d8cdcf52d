// Waits for a line on stdin, so that many start at the same moment; then accepts each of COUNT proposals, one
// after another, and prints what it then reads as decided, when all have ended. With "overturn" it tries to change
// each decision, and prints how many of its attempts were refused.
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { openMemory } from '../../src/open.ts'

const [location, voter = '', count, mode] = process.argv.slice(2)
const memory = await openMemory(location, { background: false, busyTimeoutMs: 60_000, agentId: voter })
const keys = Array.from({ length: Number(count) }, (_, i) => `key-${i}`)
console.log('ready')
await once(process.stdin, 'data')
let refused = 0
const refusal = (error: { code?: string }) => {
  if (error.code !== 'conflict') throw error
  refused++
}
for (const key of keys) {
  if (mode !== 'overturn') await memory.consensus.accept(key)
  else {
    await memory.consensus.propose(key, { value: voter }).catch(refusal)
    await memory.consensus.reject(key).catch(refusal)
  }
}
if (mode === 'overturn') console.log(`refused ${refused}`)
else {
  const decisions = await Promise.all(keys.map(key => memory.consensus.wait(key)))
  const digest = createHash('sha256').update(JSON.stringify(decisions)).digest('hex')
  console.log(`${decisions.filter(({ status }) => status === 'decided').length} decided ${digest}`)
}
await memory.close()
process.exit()
