// Adds pairs of messages to a session, COUNT times.
import { HivewaxSession } from '../../src/adapters/openai-agents.ts'
import { openMemory } from '../../src/open.ts'

const [file, sessionId, name, count] = process.argv.slice(2)
const memory = await openMemory(file, { background: false, durability: 'normal', busyTimeoutMs: 60_000 })
const session = new HivewaxSession(memory, { sessionId })
for (let i = 0; i < Number(count) * 2; i += 2) {
  const [one, two] = [i, i + 1].map(n => ({
    type: 'message' as const,
    role: 'user' as const,
    content: `${name} ${n}`,
  }))
  if (one !== undefined && two !== undefined) await session.addItems([one, two])
}
await memory.close()
