// Stores `held` in a transaction, says "holding", and commits only when its input ends.
import { once } from 'node:events'
import { openMemory } from '../../src/open.ts'

const memory = await openMemory(process.argv[2], { background: false })
await memory.transaction(
  async tx => {
    await tx.store('held', 1)
    console.log('holding')
    process.stdin.resume()
    await once(process.stdin, 'end')
  },
  { timeoutMs: 600_000 },
)
await memory.close()
