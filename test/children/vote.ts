// Waits for a line on stdin, so that many start at the same moment; then accepts each of COUNT proposals, one
// after another. With "overturn" it tries to change each, and prints how many of its attempts were refused.
import { once } from 'node:events'
import { openMemory } from '../../src/open.ts'

const [file, voter = '', count, mode] = process.argv.slice(2)
const memory = await openMemory(file, { background: false, busyTimeoutMs: 60_000, agentId: voter })
console.log('ready')
await once(process.stdin, 'data')
let refused = 0
const refusal = (error: { code?: string }) => {
  if (error.code !== 'conflict') throw error
  refused++
}
for (let i = 0; i < Number(count); i++) {
  if (mode !== 'overturn') await memory.consensus.accept(`key-${i}`)
  else {
    await memory.consensus.propose(`key-${i}`, { value: voter }).catch(refusal)
    await memory.consensus.reject(`key-${i}`).catch(refusal)
  }
}
await memory.close()
console.log(`refused ${refused}`)
process.exit()
