// Patches the session "s" COUNT times, each time with a field of its own named after WRITER.
import { openMemory } from '../../src/open.ts'

const [location, writer, count] = process.argv.slice(2)
const memory = await openMemory(location, { background: false, durability: 'normal', busyTimeoutMs: 60_000 })
for (let i = 0; i < Number(count); i++) await memory.updateSession('s', { [`${writer}/${i}`]: i })
await memory.close()
