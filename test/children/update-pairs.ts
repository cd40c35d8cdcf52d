// Sets two shared keys to the same number COUNT times, each time in one transaction.
import { openMemory } from '../../src/open.ts'

const [location, writer, count] = process.argv.slice(2)
const memory = await openMemory(location, { background: false, durability: 'normal', busyTimeoutMs: 60_000 })
for (let n = 0; n < Number(count); n++) {
  await memory.transaction(async tx => {
    await tx.shared.update('left', `${writer} ${n}`)
    await tx.shared.update('right', `${writer} ${n}`)
  })
}
await memory.close()
