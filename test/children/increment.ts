// Adds 1 to a counter COUNT times, each time reading and writing it in one transaction.
import { openMemory } from '../../src/open.ts'

const [location, count] = process.argv.slice(2)
const memory = await openMemory(location, { background: false, durability: 'normal', busyTimeoutMs: 60_000 })
for (let i = 0; i < Number(count); i++) {
  await memory.transaction(async tx => {
    const value = await tx.retrieve('counter')
    await tx.store('counter', Number(value ?? 0) + 1)
  })
}
await memory.close()
